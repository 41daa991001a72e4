from pathlib import Path

from tiny import files, text

MADE_AT = "/Datasets/DeepfakeAttribution/release"
KNOWN = (
    ("IdentitySwap", "Deepfakes", "faceforensics", "FaceForensics++"),
    ("EntireFaceSyncthesis", "StyleGAN", "DFFD", "DFFD"),
    ("ExpressionTransfer", "FOMM", "ForgeryNet", "ForgeryNet"),
)
NOVEL = (
    ("IdentitySwap", "FaceSwap", "faceforensics", "FaceForensics++"),
    ("EntireFaceSyncthesis", "StyleGAN2", "ForgeryNIR", "ForgeryNIR+"),
)


def names(source: str) -> list[str]:
    if source == "faceforensics":
        return [f"c23-{n:03}_{n + 1:03}-0{n}.png" for n in range(0, 40, 2)]
    if source == "ForgeryNet":
        return [f"19-train_video-v{n}-frame0000{n}.jpg" for n in range(20)]
    return [f"p{n}.png" for n in range(20)]


def make(root: Path) -> None:
    rows = ["img_name,label,method,forgery_type,tag,image_source,img_path"]
    reals = [f"RealFace/Real/faceforensics/c23-{n:03}-00.png" for n in range(0, 40, 2)]
    reals += ["RealFace/Real/CelebDF/Celeb-real-id0_0001-0004.png"]
    for n, path in enumerate(reals):
        files(root, path)
        source = "CelebDF" if "CelebDF" in path else "FaceForensics++"
        rows.append(f"x,0,Real,RealFace,{1 + n % 2},{source},{MADE_AT}/{path}")
    for kind, method, folder, source in (*KNOWN, *NOVEL):
        known = (kind, method, folder, source) in KNOWN
        for n, name in enumerate(names(folder)):
            path = f"{kind}/{method}/{folder}/{name}"
            files(root, path)
            tag = 1 if known and n % 4 else 2
            rows.append(f"x,3,{method},{kind},{tag},{source},{MADE_AT}/{path}")
    rows.append(
        f"x,3,FSGAN,IdentitySwap,0,ForgeryNet,{MADE_AT}/IdentitySwap/FSGAN/ForgeryNet/a.jpg"
    )
    text(root, "meta_data/Protocol2_openset_real_fake_large_merge_meta.csv", rows)


COUNT = 121
EXPECTED = {
    "IdentitySwap/Deepfakes/faceforensics/c23-002_003-02.png": {
        "label": 1, "generator": "Deepfakes", "group": "ff-002+ff-003", "condition": "labelled",
        "family": "IdentitySwap", "source": "FaceForensics++",
    },
    "IdentitySwap/FaceSwap/faceforensics/c23-002_003-02.png": {"condition": "unlabelled"},
    "RealFace/Real/CelebDF/Celeb-real-id0_0001-0004.png": {
        "label": 0, "group": "celeb-id0", "generator": "",
    },
    "EntireFaceSyncthesis/StyleGAN2/ForgeryNIR/p0.png": {"generator": "StyleGAN2 near-infrared"},
    "ExpressionTransfer/FOMM/ForgeryNet/19-train_video-v3-frame00003.jpg": {
        "group": "forgerynet/19-train_video-v3",
    },
}  # fmt: skip
MISSING = {
    "meta_data": "Protocol2_openset_real_fake_large_merge_meta.csv is missing",
    "IdentitySwap/FaceSwap": "20 of 121 pictures of the table",
}
