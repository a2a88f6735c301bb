"""An e-mail address, told to somebody who need not be its owner. Pure."""


def masked(address: str) -> str:
    """`john.doe@example.org` as `j•••@e•••.org`: its owner knows it again, whoever was forwarded the link learns nothing."""
    name, _, host = address.rpartition("@")
    label, dot, rest = host.rpartition(".")
    return f"{_veiled(name)}@{_veiled(label)}{dot}{rest}" if dot else f"{_veiled(name)}@{_veiled(host)}"


def _veiled(word: str) -> str:
    return f"{word[:1]}•••"
