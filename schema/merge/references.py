"""Merges type references: the wider one for what is read, the narrower one for what is given."""

from collections.abc import Mapping, Sequence

from schema.document.values import ListOf, Named, NonNull, TypeRef


def is_subtype(ref: TypeRef, of: TypeRef, supertypes: Mapping[str, frozenset[str]]) -> bool:
    """True when every value of `ref` is one of `of`: `T!` of `T`, an object of its interfaces and unions."""
    match ref, of:
        case NonNull(of=inner), NonNull(of=other):
            return is_subtype(inner, other, supertypes)
        case NonNull(of=inner), _:
            return is_subtype(inner, of, supertypes)
        case _, NonNull():
            return False
        case ListOf(of=inner), ListOf(of=other):
            return is_subtype(inner, other, supertypes)
        case Named(name=name), Named(name=other_name):
            return name == other_name or other_name in supertypes.get(name, frozenset())
        case _:
            return False


def widest(refs: Sequence[TypeRef], supertypes: Mapping[str, frozenset[str]]) -> TypeRef | None:
    """The one type that all others are subtypes of; None when there is none.

    String!, String  becomes  String
    """
    merged = refs[0]
    for ref in refs[1:]:
        if is_subtype(merged, ref, supertypes):
            merged = ref
        elif not is_subtype(ref, merged, supertypes):
            return None
    return merged


def narrowest(refs: Sequence[TypeRef]) -> TypeRef | None:
    """The one input type that is a subtype of all others; None when there is none.

    Int, Int!  becomes  Int!
    """
    merged = refs[0]
    for ref in refs[1:]:
        if is_subtype(ref, merged, {}):
            merged = ref
        elif not is_subtype(merged, ref, {}):
            return None
    return merged
