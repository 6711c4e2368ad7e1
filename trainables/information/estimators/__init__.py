"""From samples to values: KSG-1, KSG-2, NPEET as a reference, Ross's for labels, Frenzel and Pompe's conditional.

Covers formulas, settings, and the sharing of work between pairs. Covers neither how neighbors are found (`neighbors`,
`device`) nor how far a value can be trusted (`credibility`). For `api`, `credibility` and
`measures` only.
"""
