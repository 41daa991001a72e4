from pathlib import Path

from tiny import files, text

PROTOCOL = "database/protocols/PartialSpoof_LA_cm_protocols/PartialSpoof.LA.cm"


def rttm(name: str, start: float, seconds: float, label: str) -> str:
    return f"SPEAKER {name} 1 {start} {seconds} <NA> <NA> {label} <NA> <NA>"


def make(root: Path) -> None:
    for part, letter in (("train", "T"), ("dev", "D"), ("eval", "E")):
        fake, real = f"CON_{letter}_0000000", f"LA_{letter}_1138215"
        lines = [f"LA_00{letter} {fake} - CON spoof", f"LA_00{letter} {real} - - bonafide"]
        text(root, f"{PROTOCOL}.{part}.trl.txt", lines)
        files(root, *(f"database/{part}/con_wav/{name}.wav" for name in (fake, real)))
        stretches = [
            rttm(fake, 0.0, 0.5, "bonafide"),
            rttm(fake, 0.5, 0.25, "spoof"),
            rttm(fake, 0.75, 0.25, "spoof"),
            rttm(fake, 2.0, 0.5, "spoof"),
            rttm(real, 0.0, 2.0, "bonafide"),
        ]
        text(root, f"database/{part}/con_data/rttm_2cls_0sil_spoof", stretches)


COUNT = 6
EXPECTED = {
    "database/dev/con_wav/CON_D_0000000.wav": {
        "family": "partial",
        "generator": "PartialSpoof",
        "label": 1, "split": "val", "segments": ((0.5, 1.0), (2.0, 2.5)), "group": "LA_00D",
    },
    "database/eval/con_wav/LA_E_1138215.wav": {"label": 0, "split": "test", "segments": ()},
}  # fmt: skip
MISSING = {
    f"{PROTOCOL}.eval.trl.txt": "cm.eval.trl.txt is missing",
    "database/train/con_data": "rttm_2cls_0sil_spoof is missing",
    "database/dev/con_wav": "2 of 2 recordings of dev",
}
