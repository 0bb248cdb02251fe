"""API variants of one supergraph by tags: match → cascade → prune → check.

match     which elements the filter hides by their tags
cascade   what has nothing left in it, and interface fields that an implementation hides
prune     types that nothing leads to any more
check     what stays must be whole, or the contract is refused with every reason
"""
