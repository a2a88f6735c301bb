"""A disk that can lose its power: what was synced is there, of the rest any pages in any version."""

from random import Random

PAGE = 4096
SECTOR = 512


class ModelDisk:
    """One file and its names. Everything since the last sync may or may not survive, page by page.

    A page that was written several times since then survives in any of these versions. The length survives as any
    that the file had, or as any page's end between them. Names behave the same: each that was made or taken away
    since the folder was synced is there or not, whatever happened to the others.
    """

    def __init__(self, content: bytes = b"", names: frozenset[str] = frozenset(), *, grain: int = PAGE) -> None:
        """Begin with a file that is wholly synced. `grain` is how much is written at once, octets."""
        self._grain = grain
        self._content = bytearray(content)
        self._versions: dict[int, list[bytes]] = {}
        self._lengths = [len(content)]
        self._names = set(names)
        self._unsynced_names: list[tuple[str, bool]] = []

    def __len__(self) -> int:
        return len(self._content)

    # What programs do ---------------------------------------------------------------

    def write(self, position: int, data: bytes) -> None:
        end = position + len(data)
        pages = range(position // self._grain, -(-end // self._grain))
        for page in pages:
            self._versions.setdefault(page, [self._page(page)])
        if end > len(self._content):
            self._content.extend(bytes(end - len(self._content)))
            self._lengths.append(end)
        self._content[position:end] = data
        for page in pages:
            self._versions[page].append(self._page(page))

    def truncate(self, length: int) -> None:
        pages = range(length // self._grain, -(-len(self._content) // self._grain))
        for page in pages:
            self._versions.setdefault(page, [self._page(page)])
        del self._content[length:]
        self._lengths.append(length)
        for page in pages:
            self._versions[page].append(self._page(page))

    def sync(self) -> None:
        self._versions.clear()
        self._lengths = [len(self._content)]

    def make_name(self, name: str) -> None:
        self._unsynced_names.append((name, True))

    def remove_name(self, name: str) -> None:
        self._unsynced_names.append((name, False))

    def sync_names(self) -> None:
        for change in self._unsynced_names:
            self._change_name(self._names, *change)
        self._unsynced_names.clear()

    # What the power does --------------------------------------------------------------

    def cut_power(self, random: Random) -> tuple[bytes, frozenset[str]]:
        """Return what is there afterwards: the file's content and its names."""
        luck = random.choice((0.0, 0.2, 0.5, 0.8, 1.0))
        content = bytearray(self._content)
        longest = max(self._lengths)
        content.extend(bytes(max(0, longest - len(content))))
        for page, versions in self._versions.items():
            survived = versions[-1] if random.random() < luck else random.choice(versions)
            start = page * self._grain
            content[start : start + self._grain] = survived
        del content[self._survived_length(random, luck) :]
        names = set(self._names)
        for change in self._unsynced_names:
            if random.random() < luck:
                self._change_name(names, *change)
        return bytes(content), frozenset(names)

    def _survived_length(self, random: Random, luck: float) -> int:
        if random.random() < luck:
            return self._lengths[-1]
        shortest, longest = min(self._lengths), max(self._lengths)
        page_ends = range(-(-shortest // self._grain) * self._grain, longest, self._grain)
        lengths: list[int] = [*self._lengths, *page_ends]
        return random.choice(lengths)

    def _page(self, page: int) -> bytes:
        start = page * self._grain
        return bytes(self._content[start : start + self._grain]).ljust(self._grain, b"\0")

    @staticmethod
    def _change_name(names: set[str], name: str, made: bool) -> None:
        if made:
            names.add(name)
        else:
            names.discard(name)
