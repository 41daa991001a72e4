from pathlib import Path

from tiny import files, text

HEAD = "\tclaim\tclaim_image\tdocument\tdocument_image\tClaim OCR\tDocument OCR\tCategory"


def make(root: Path) -> None:
    for split in ("train", "val", "test"):
        rows = [HEAD]
        for n, category in enumerate(("Support_Text", "Refute", "Refute")):
            rows.append(f"{n}\tClaim {n}\thttp://x/a.jpg\tDoc {n}\thttp://x/b.jpg\t\t\t{category}")
        text(root, f"{split}.csv", rows)
        files(root, f"images-{split}/claim/Support_Text/0.jpg", f"images-{split}/claim/1.jpg")
        files(root, f"images-{split}/document/1.jpg")


COUNT = 6
EXPECTED = {
    "val:1": {
        "choices": (
            "Support_Multimodal", "Support_Text", "Insufficient_Multimodal", "Insufficient_Text",
            "Refute",
        ),
        "question": "Does this document support the claim? Doc 1",
        "label": 1, "split": "val", "path": "images-val/claim/1.jpg", "answer": "Refute",
        "also": ("images-val/document/1.jpg",), "text": "Claim 1", "family": "false-claim",
    },
    "test:0": {"label": 0, "path": "images-test/claim/Support_Text/0.jpg", "also": ()},
}  # fmt: skip
MISSING = {"val.csv": "val.csv is missing", "images-test/claim": "images-test/claim is missing"}
