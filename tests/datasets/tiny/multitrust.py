from pathlib import Path

from tiny import dump, files

QUERIES = {
    "query_d_existence": ("object", "Yes"),
    "query_d_attribute": ("attribute", "No"),
    "query_d_scene": ("scene", "Yes"),
    "query_g_ocr": ("ocr", "STOP"),
}
AT = "truthfulness"


def make(root: Path) -> None:
    for name, (task, truth) in QUERIES.items():
        rows = [{"image": f"{n}.jpg", "query": f"What of {n}?", "truth": truth} for n in range(2)]
        dump(root, f"{AT}/query_basic/{name}.json", rows)
        files(root, *(f"{AT}/basic_images/{task}/{row['image']}" for row in rows))
    asked = [{"image": "0.png", "query": "Who wrote it?", "truth": "Austen"},
             {"image": "", "query": "", "truth": ""}]  # fmt: skip
    dump(root, f"{AT}/query_text/query_g_assistance.json", asked)
    files(root, f"{AT}/text_images/assistance/0.png", f"{AT}/text_images/misvisual/0.png")


COUNT = 10
EXPECTED = {
    f"{AT}/basic_images/attribute:1": {
        "label": 0, "split": "test", "question": "What of 1?", "choices": ("Yes", "No"),
        "answer": "No", "source": "MultiTrust attribute",
    },
    f"{AT}/basic_images/ocr:0": {"choices": (), "answer": "STOP"},
    f"{AT}/text_images/misvisual:0": {"condition": "misleading", "answer": "Austen"},
}  # fmt: skip
MISSING = {
    f"{AT}/query_basic/query_g_ocr.json": "query_g_ocr.json is missing",
    f"{AT}/basic_images/scene/1.jpg": "1 of 2 pictures of truthfulness/basic_images/scene",
    f"{AT}/text_images/misvisual": "1 of 1 pictures of truthfulness/text_images/misvisual",
}
