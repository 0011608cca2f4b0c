"""Results as text and as Markdown: medians, spans, ratios to ours."""
import statistics

AHEAD = " <"


def short(x):
    if x >= 100:
        return f"{x:.0f}"
    return f"{x:.1f}" if x >= 10 else f"{x:.2f}"


def median(values):
    return statistics.median(values)


def span(values):
    return f"{short(min(values))}–{short(max(values))}"


class Results:
    """(case, point, label) -> {metric: [values]}; labels keep the order in
    which they came."""

    def __init__(self, base):
        self.base = base
        self.values, self.points, self.labels = {}, [], []

    def add(self, point, tunnel, metrics):
        key = (point.case, point.name, tunnel.label)
        row = self.values.setdefault(key, {})
        for name, value in metrics.items():
            row.setdefault(name, []).append(value)
        if point not in self.points:
            self.points.append(point)
        seen = (tunnel.name, tunnel.mode)
        if seen not in self.labels:
            self.labels.append(seen)

    def row(self, point, seen):
        label = f"{seen[0]} {seen[1]}" if seen[1] else seen[0]
        return self.values.get((point.case, point.name, label))

    def ratio(self, point, seen):
        """Theirs to ours in the same mode; None where there is no pair."""
        mine = self.row(point, (self.base, seen[1]))
        row = self.row(point, seen)
        if not mine or not row or seen[0] in (self.base, "direct"):
            return None
        base = median(mine[point.main])
        return median(row[point.main]) / base if base else None

    def ahead(self, point, seen):
        r = self.ratio(point, seen)
        return r is not None and (r > 1 if point.more else r < 1)

    def cell(self, point, seen):
        row = self.row(point, seen)
        if not row:
            return "–"
        text = short(median(row[point.main]))
        r = self.ratio(point, seen)
        if r is not None:
            text += f" ({r:.2f}x)" + (AHEAD if self.ahead(point, seen)
                                      else "")
        return text

    def sorted_labels(self, point):
        """Mode by mode, and in each in the order of the peers."""
        modes = []
        for _, mode in self.labels:
            if mode not in modes:
                modes.append(mode)
        return [s for m in modes for s in self.labels
                if s[1] == m and self.row(point, s)]

    def as_dict(self):
        return [{"case": case, "point": point, "tunnel": label, **row}
                for (case, point, label), row in self.values.items()]


def lines(head, rows):
    """Columns as wide as they must be, the first to the left."""
    wide = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    for r in [head, *rows]:
        yield "  ".join(c.ljust(w) if i == 0 else c.rjust(w)
                        for i, (c, w) in enumerate(zip(r, wide))).rstrip()


def text(results):
    """A table a point, with everything that is known."""
    for p in results.points:
        seen = results.sorted_labels(p)
        metrics = list(results.row(p, seen[0]))
        others = [m for m in metrics if m != p.main]
        rows = []
        for s in seen:
            row = results.row(p, s)
            r = results.ratio(p, s)
            rows.append([
                f"{s[0]} {s[1]}".strip(), short(median(row[p.main])),
                span(row[p.main]), "" if r is None else f"{r:.2f}x" +
                (AHEAD if results.ahead(p, s) else ""),
                *(short(median(row[m])) if m in row else "–"
                  for m in others)])
        yield ""
        yield f"{p.case}: {p.name}"
        yield from lines(["", p.main, "min–max", "to ours", *others], rows)


def markdown(results, about):
    """A table a case: who down, what across."""
    yield about
    cases = []
    for p in results.points:
        if p.case not in cases:
            cases.append(p.case)
    for case in cases:
        points = [p for p in results.points if p.case == case]
        yield ""
        yield f"**{case}**, {points[0].main}"
        yield ""
        yield "| | " + " | ".join(p.name for p in points) + " |"
        yield "|---|" + "---:|" * len(points)
        seen = []
        for p in points:
            seen += [s for s in results.sorted_labels(p) if s not in seen]
        for s in seen:
            name = f"{s[0]} {s[1]}".strip()
            if s[0] == results.base:
                name = f"**{name}**"
            yield f"| {name} | " + " | ".join(
                results.cell(p, s).replace(AHEAD, " ⚠") for p in points
            ) + " |"


def losses(results):
    for p in results.points:
        for s in results.labels:
            if results.row(p, s) and results.ahead(p, s):
                yield (f"{p.case}, {p.name}: {s[0]} {s[1]} is ahead "
                       f"({results.ratio(p, s):.2f}x)")
