"""Product pictures: woven patterns drawn as SVG, so that the demo needs no image files."""

PALETTE = {
    "wave": ("#dfeaf0", "#2f6f8f", "#f4c95d"),
    "hills": ("#efece3", "#7d8f69", "#c9b79c"),
    "folk": ("#f6f1ea", "#7a2b2b", "#2b2b2b"),
    "stripes": ("#f7f3ee", "#c0603f", "#365b6d"),
    "kilim": ("#e8d8c3", "#9c3d2e", "#1f4e5f"),
    "dots": ("#1d3461", "#ffffff", "#8fb8de"),
}
PATTERNS = {
    "wave": '<g fill="none"><path d="M-15 12q7.5-10 15 0t15 0 15 0 15 0" stroke="{b}" '
    'stroke-width="4"/><path d="M-15 24q7.5-8 15 0t15 0 15 0 15 0" stroke="{c}"/></g>',
    "hills": '<path d="M0 30L8 14l6 8 8-14 8 22z" fill="{b}" opacity=".8"/>'
    '<path d="M0 30l15-8 15 8z" fill="{c}"/>',
    "folk": '<path d="M15 2l4 9 9 4-9 4-4 9-4-9-9-4 9-4z" fill="{b}"/>'
    '<circle cx="15" cy="15" r="2.5" fill="{c}"/>',
    "stripes": '<path d="M0 5h30M0 12h30" stroke="{b}" stroke-width="3"/>'
    '<path d="M0 22h30" stroke="{c}" stroke-width="6"/>',
    "kilim": '<path d="M15 1l13 14-13 14L2 15z" fill="{b}"/>'
    '<path d="M15 8l7 7-7 7-7-7z" fill="{c}"/><path d="M15 12l3 3-3 3-3-3z" fill="{a}"/>',
    "dots": '<circle cx="8" cy="8" r="2.6" fill="{b}"/><circle cx="23" cy="23" r="2.6" fill="{b}"/>'
    '<path d="M23 4v8M19 8h8M8 19v8M4 23h8" stroke="{c}" stroke-width="1.4"/>',
}


def picture(name: str) -> str:
    """Return the SVG of a pattern; an unknown name gives stripes."""
    name = name if name in PATTERNS else "stripes"
    ground, first, second = PALETTE[name]
    tile = PATTERNS[name].format(a=ground, b=first, c=second)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240" width="600" height="600">'
        f'<defs><pattern id="p" width="30" height="30" patternUnits="userSpaceOnUse">{tile}'
        f'</pattern></defs><rect width="240" height="240" fill="{ground}"/>'
        '<rect width="240" height="240" fill="url(#p)"/></svg>'
    )
