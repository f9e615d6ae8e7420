"""What a training leaves behind, epoch by epoch."""

from dataclasses import dataclass, field


@dataclass
class History:
    """The record of a training, one entry an epoch.

    Only whole epochs are recorded. An epoch that Ctrl-C cut short has changed the parameters but has no entry.

    Attributes
    ----------
    epochs : list of int
        The number of each epoch, from 1; a training that goes on from an earlier one goes on counting.
    cost : list of float
        The mean cost of the epoch's examples, each measured in its mini-batch just before that mini-batch's step.
    accuracy : list of float
        The share of right answers after the epoch, from 0 to 1; empty where the training measures none.
    examples_per_second : list of float
        How fast the epoch's steps went, measuring of accuracy not included.
    interrupted : bool
        Whether Ctrl-C ended the training before its last epoch.
    compiled : bool
        Whether a native program took the steps.
    note : str
        If not, why.

    Examples
    --------
    >>> History(epochs=[1, 2], cost=[0.4, 0.1]).cost[-1]
    0.1
    """

    epochs: list[int] = field(default_factory=list)
    cost: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    examples_per_second: list[float] = field(default_factory=list)
    interrupted: bool = False
    compiled: bool = False
    note: str = ""
