"""The words of the C2PA specification in the words of a person."""

from __future__ import annotations

ACTIONS = {
    "c2pa.addedText": "text was added",
    "c2pa.adjustedColor": "colours were adjusted",
    "c2pa.changedSpeed": "the speed was changed",
    "c2pa.color_adjustments": "colours were adjusted",
    "c2pa.converted": "it was converted to another format",
    "c2pa.created": "it was created",
    "c2pa.cropped": "it was cropped",
    "c2pa.deleted": "something was deleted",
    "c2pa.drawing": "something was drawn",
    "c2pa.dubbed": "the speech was dubbed",
    "c2pa.edited": "it was edited",
    "c2pa.edited.metadata": "its metadata were edited",
    "c2pa.enhanced": "it was enhanced",
    "c2pa.filtered": "a filter was applied",
    "c2pa.opened": "a file was opened",
    "c2pa.orientation": "it was turned",
    "c2pa.placed": "something was placed into it",
    "c2pa.published": "it was published",
    "c2pa.redacted": "a statement was redacted",
    "c2pa.removed": "something was removed",
    "c2pa.repackaged": "it was repackaged without a change",
    "c2pa.resized": "it was resized",
    "c2pa.resized.proportional": "it was resized",
    "c2pa.transcoded": "it was coded anew",
    "c2pa.translated": "it was translated",
    "c2pa.trimmed": "it was trimmed",
    "c2pa.unknown": "something was done that the signer does not know",
    "c2pa.watermarked": "a watermark was put in",
    "c2pa.watermarked.bound": "a watermark was put in",
    "c2pa.watermarked.unbound": "a watermark was put in",
}
SOURCES = {
    "algorithmicMedia": "made by an algorithm without training data",
    "compositeCapture": "put together from captures",
    "compositeSynthetic": "put together with synthetic parts",
    "compositeWithTrainedAlgorithmicMedia": "put together with parts made by an AI model",
    "computationalCapture": "captured by a camera that computes the picture",
    "composite": "put together from several sources",
    "digitalArt": "drawn by a person with a computer",
    "digitalCapture": "captured by a camera or recorder",
    "digitalCreation": "created by a person with a computer",
    "humanEdits": "edited by a person",
    "minorHumanEdits": "slightly edited by a person",
    "negativeFilm": "scanned from film",
    "positiveFilm": "scanned from film",
    "print": "scanned from a print",
    "screenCapture": "captured from a screen",
    "softwareImage": "created by a program",
    "trainedAlgorithmicData": "data made by an AI model",
    "trainedAlgorithmicMedia": "made by an AI model",
    "virtualRecording": "a recording of a virtual event",
}
RELATIONSHIPS = {
    "parentOf": "what this was made from",
    "componentOf": "a part of it",
    "inputTo": "an input of the program that made it",
}
FAILURES = {
    "algorithm.unsupported": "it uses an algorithm that is not allowed",
    "assertion.action.malformed": "an action that was done is not described as it should be",
    "assertion.bmffHash.mismatch": "the media are not those that were signed",
    "assertion.boxesHash.mismatch": "parts of the file are not those that were signed",
    "assertion.boxesHash.unknownBox": "the file holds a part that was not there when it was signed",
    "assertion.collectionHash.mismatch": "the files are not those that were signed",
    "assertion.dataHash.mismatch": "the file's bytes are not those that were signed",
    "assertion.hashedURI.mismatch": "a statement of the manifest is not the one that was signed",
    "assertion.missing": "a statement that was signed is gone",
    "assertion.undeclared": "a statement was added that was not signed",
    "claim.hardBindings.missing": "nothing ties it to this file",
    "claim.malformed": "its claim makes no sense",
    "claim.missing": "it has no claim",
    "claimSignature.mismatch": "the signature does not fit what it signs",
    "claimSignature.missing": "it has no signature",
    "claimSignature.outsideValidity": "it was signed when the certificate was not valid",
    "hashedURI.mismatch": "a part of the manifest is not the one that was signed",
    "ingredient.claimSignature.mismatch": "the record of an ingredient is not the one signed",
    "ingredient.hashedURI.mismatch": "the record of an ingredient is not the one signed",
    "ingredient.manifest.mismatch": "the record of an ingredient is not the one signed",
    "ingredient.manifest.missing": "the record of an ingredient is gone",
    "signingCredential.expired": "the signer's certificate has expired, and no time stamp shows "
    "that it was valid at signing",
    "signingCredential.invalid": "the signer's certificate is not fit for signing manifests",
    "signingCredential.ocsp.revoked": "the signer's certificate was revoked",
    "signingCredential.untrusted": "the signer is not known",
    "timeStamp.malformed": "the time stamp makes no sense",
    "timeStamp.mismatch": "the time stamp belongs to something else",
    "timeStamp.outsideValidity": "the time stamp was made when its certificate was not valid",
    "timeStamp.untrusted": "the time stamp authority is not known",
}
STATEMENTS = {
    "actions": "the list of what was done",
    "claim": "the claim",
    "data": "the hash of the file's bytes",
    "hash": "the hash of the file",
    "ingredient": "the record of an ingredient",
    "metadata": "the metadata",
    "signature": "the signature",
    "thumbnail": "the thumbnail",
}


def listed(parts: list[str], most: int = 8) -> str:
    """ "a, b and c"; the rest is counted when there are more than ``most``."""
    rest = len(parts) - most
    parts = parts[:most] + ([f"{rest} more"] if rest > 0 else [])
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def statement(box: str) -> str:
    """A box by its path: "the list of what was done (c2pa.actions.v2)"."""
    label = box.rpartition("/")[2]
    for word, meaning in STATEMENTS.items():
        if f".{word}" in label:
            return f"{meaning} ({label})"
    return f"the part {label}" if label and ":" not in label else "the manifest"
