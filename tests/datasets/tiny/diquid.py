from pathlib import Path

from tiny import files, text

HEAD = "img_path,mask_path,src_path,split,inpainting_model,diffusion_model,type"


def make(root: Path) -> None:
    rows = [HEAD]
    for split, source in (("train", "coco"), ("val", "raise"), ("test", "openimages")):
        at = f"{split}/{source}"
        photograph = f"{at}/original/00{split}.jpg"
        files(root, photograph)
        for model, kind in (("brushnet", "sp"), ("hdpainter,removeanything", "fr")):
            name = f"{source}_00{split}_{model.split(',')[0]}_1_None"
            fake, mask = f"{at}/{model.split(',')[0]}/{name}.jpg", f"{at}/mask/{name}.png"
            files(root, fake, mask)
            row = (f"sagid/{fake}", f"sagid\\{mask}".replace("/", "\\"), f"sagid/{photograph}")
            rows.append(f'{",".join(row)},{split},"{model}",sd2,{kind}')
    text(root, "sagid.csv", rows)


COUNT = 9
EXPECTED = {
    "train/coco/brushnet/coco_00train_brushnet_1_None.jpg": {
        "label": 1, "split": "train", "generator": "brushnet", "condition": "spliced",
        "mask": "train/coco/mask/coco_00train_brushnet_1_None.png", "source": "coco",
        "group": "train/coco/original/00train.jpg", "family": "inpainting",
    },
    "test/openimages/hdpainter/openimages_00test_hdpainter_1_None.jpg": {
        "generator": "hdpainter,removeanything", "condition": "regenerated", "split": "test",
    },
    "val/raise/original/00val.jpg": {
        "label": 0, "split": "val", "source": "raise", "group": "val/raise/original/00val.jpg",
    },
}  # fmt: skip
MISSING = {
    "sagid.csv": "sagid.csv is missing",
    "test/openimages/original": "1 of 3 photographs",
    "val/raise/mask": "2 of 6 masks",
    "train/coco/brushnet": "1 of 6 inpainted pictures",
}
