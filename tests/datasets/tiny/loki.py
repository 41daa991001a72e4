from pathlib import Path

from tiny import dump, files


def tf(area: str, path: str, asked: str, answer: str) -> dict[str, object]:
    key = "video_path" if area == "video" else "image_path"
    return {key: path, "question": "<image>\nIs it generated?\n", "answer": answer,
            "metric": "open-ended", "question_type": asked, "choices": []}  # fmt: skip


def mc(area: str, paths: list[str], asked: str, answer: str) -> dict[str, object]:
    key = "video_path" if area == "video" else "image_path"
    return {key: paths, "question": "<image>\n<image>\nWhich one?", "answer": answer,
            "metric": "multi-choice", "question_type": asked,
            "choices": ["The first one.", "The second one."]}  # fmt: skip


def make(root: Path) -> None:
    for area, end in (("image", "jpg"), ("video", "mp4"), ("3D", "png")):
        real, fake = (f"media_data/{area}/{name}.{end}" for name in ("real", "fake"))
        files(root, real, fake)
        made = "doc" if area == "image" else "keling"
        dump(root, f"data_json/{area}/true_or_false.json", [
            tf(area, real, f"{area}_tf_{area}_real_ask_fake_{made}", "No"),
            tf(area, fake, f"{area}_tf_{area}_fake_ask_fake_{made}", "Yes"),
        ])  # fmt: skip
        dump(root, f"data_json/{area}/multi_choice.json", [
            mc(area, [real, fake], f"{area}_mc_real_from_fake_{made}", "A"),
            mc(area, [real, fake], f"{area}_mc_fake_from_real_{made}", "B"),
        ])  # fmt: skip


COUNT = 12
EXPECTED = {
    "image:true_or_false:1": {
        "family": "generated",
        "types": ("image_tf_image_fake_ask_fake_doc",),
        "label": 1, "question": "Is it generated?", "choices": ("Yes", "No"), "answer": "Yes",
        "kind": "image", "path": "media_data/image/fake.jpg", "generator": "",
    },
    "image:true_or_false:0": {"label": 0, "answer": "No"},
    "video:multi_choice:0": {
        "label": 0, "answer": "The first one.", "also": ("media_data/video/fake.mp4",),
        "path": "media_data/video/real.mp4",
    },
    "video:multi_choice:1": {"label": 0, "answer": "The second one.", "kind": "video"},
    "3D:true_or_false:1": {"generator": "keling", "kind": "image", "split": "test"},
}  # fmt: skip
MISSING = {
    "data_json/video/multi_choice.json": "data_json/video/multi_choice.json is missing",
    "media_data/3D/fake.png": "1 of 2 media of data_json/3D/true_or_false.json",
}
