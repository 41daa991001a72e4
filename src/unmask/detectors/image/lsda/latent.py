"""Features of forgeries varied within their domain and mixed across domains (Yan 2024, 3.2)."""

from __future__ import annotations

import torch
from torch import Tensor

LOW, HIGH = 0.5, 2.0
"""Range from which the form of the Beta distribution is drawn."""
WAYS = ("towards", "away", "noise", "difference")


def varied(features: Tensor) -> Tensor:
    """Every face's features (G, D, C, h, w: groups, domains) varied in one of four ways.

    ``towards`` the face of its domain that is farthest from the mean, ``away`` from the mean, by
    ``noise``, or by the ``difference`` of two others of its domain; strengths are drawn from 0…1.
    In the authors' program single channels take the place of faces; here it is as in the paper.
    """
    groups, domains = features.shape[:2]
    mean = features.mean(0, keepdim=True)
    apart = (features - mean).flatten(2).norm(dim=2).argmax(0)
    hard = features[apart, torch.arange(domains, device=features.device)]
    result = features.clone()
    for group in range(groups):
        for domain in range(domains):
            way = WAYS[int(torch.randint(len(WAYS), ()))]
            strong = torch.rand((), device=features.device)
            own = features[group, domain]
            if way == "towards":
                step = hard[domain] - own
            elif way == "away":
                step = own - mean[0, domain]
            elif way == "noise":
                step = torch.randn_like(own) * torch.rand((), device=features.device)
            else:
                first, second = (int(torch.randint(groups, ())) for _ in range(2))
                step = features[first, domain] - features[second, domain]
            result[group, domain] = own + strong * step
    return result


def mixed(features: Tensor) -> Tensor:
    """Every face's features mixed with those of another domain of its group, (G, D, C, h, w)."""
    rows = []
    for group in features:
        form = torch.rand(()) * (HIGH - LOW) + LOW
        share = torch.distributions.Beta(form, form).sample().to(features)
        other = group[torch.randperm(len(group), device=features.device)]
        rows.append(share * group + (1 - share) * other)
    return torch.stack(rows)
