//! Where package names occur in IR format version 3, as data.
//!
//! Follows morphir-elm's encoders, part by part. Everything that cannot hold a package name is [`ANY`]: a list of type
//! variables, a module path or a string may look exactly like a package path, and only its place tells them apart.

use Shape::{Attribute, List, Object, Opaque, Package, Reference, Tagged, Tuple};

/// What stands at one place of the IR.
pub enum Shape {
    /// Names no package.
    Opaque,
    /// The name of the distribution's own package or of a dependency.
    Package,
    /// The package part of a fully qualified name.
    Reference,
    /// Any number of the same.
    List(&'static Shape),
    /// One of each.
    Tuple(&'static [&'static Shape]),
    /// The fields that must be there; an opaque field may be left out.
    Object(&'static [(&'static str, &'static Shape)]),
    /// `["Tag", part, …]`: the name of the choice, then what follows each tag.
    Tagged(&'static str, &'static [(&'static str, &'static [&'static Shape])]),
    /// What a tool attached to a node: after type inference an array of this shape, before it an object or `null`.
    Attribute(&'static Shape),
}

pub static DISTRIBUTION: Shape = Tagged(
    "distribution",
    &[("Library", &[&Package, &List(&Tuple(&[&Package, &PACKAGE_SPECIFICATION])), &PACKAGE_DEFINITION])],
);

static ANY: Shape = Opaque;
static FQ_NAME: Shape = Tuple(&[&Reference, &ANY, &ANY]);

static PACKAGE_DEFINITION: Shape = Object(&[("modules", &List(&Tuple(&[&ANY, &ACCESS_MODULE_DEFINITION])))]);
static ACCESS_MODULE_DEFINITION: Shape = Object(&[("access", &ANY), ("value", &MODULE_DEFINITION)]);
static MODULE_DEFINITION: Shape = Object(&[
    ("types", &List(&Tuple(&[&ANY, &ACCESS_TYPE_DEFINITION]))),
    ("values", &List(&Tuple(&[&ANY, &ACCESS_VALUE_DEFINITION]))),
    ("doc", &ANY),
]);
static ACCESS_TYPE_DEFINITION: Shape =
    Object(&[("access", &ANY), ("value", &Object(&[("doc", &ANY), ("value", &TYPE_DEFINITION)]))]);
static ACCESS_VALUE_DEFINITION: Shape =
    Object(&[("access", &ANY), ("value", &Object(&[("doc", &ANY), ("value", &VALUE_DEFINITION)]))]);

static PACKAGE_SPECIFICATION: Shape = Object(&[("modules", &List(&Tuple(&[&ANY, &MODULE_SPECIFICATION])))]);
static MODULE_SPECIFICATION: Shape = Object(&[
    ("types", &List(&Tuple(&[&ANY, &Object(&[("doc", &ANY), ("value", &TYPE_SPECIFICATION)])]))),
    ("values", &List(&Tuple(&[&ANY, &Object(&[("doc", &ANY), ("value", &VALUE_SPECIFICATION)])]))),
    ("doc", &ANY),
]);

static TYPE_DEFINITION: Shape = Tagged(
    "type definition",
    &[
        ("TypeAliasDefinition", &[&ANY, &TYPE]),
        ("CustomTypeDefinition", &[&ANY, &Object(&[("access", &ANY), ("value", &CONSTRUCTORS)])]),
    ],
);
static TYPE_SPECIFICATION: Shape = Tagged(
    "type specification",
    &[
        ("TypeAliasSpecification", &[&ANY, &TYPE]),
        ("OpaqueTypeSpecification", &[&ANY]),
        ("CustomTypeSpecification", &[&ANY, &CONSTRUCTORS]),
        (
            "DerivedTypeSpecification",
            &[&ANY, &Object(&[("baseType", &TYPE), ("fromBaseType", &FQ_NAME), ("toBaseType", &FQ_NAME)])],
        ),
    ],
);
static CONSTRUCTORS: Shape = List(&Tuple(&[&ANY, &List(&Tuple(&[&ANY, &TYPE]))]));

static TYPE: Shape = Tagged(
    "type",
    &[
        ("Variable", &[&ANY, &ANY]),
        ("Reference", &[&ANY, &FQ_NAME, &List(&TYPE)]),
        ("Tuple", &[&ANY, &List(&TYPE)]),
        ("Record", &[&ANY, &FIELDS]),
        ("ExtensibleRecord", &[&ANY, &ANY, &FIELDS]),
        ("Function", &[&ANY, &TYPE, &TYPE]),
        ("Unit", &[&ANY]),
    ],
);
static FIELDS: Shape = List(&Object(&[("name", &ANY), ("tpe", &TYPE)]));

static VALUE_SPECIFICATION: Shape = Object(&[("inputs", &List(&Tuple(&[&ANY, &TYPE]))), ("output", &TYPE)]);
static VALUE_DEFINITION: Shape =
    Object(&[("inputTypes", &List(&Tuple(&[&ANY, &INFERRED, &TYPE]))), ("outputType", &TYPE), ("body", &VALUE)]);
static INFERRED: Shape = Attribute(&TYPE);

static VALUE: Shape = Tagged(
    "value",
    &[
        ("Literal", &[&INFERRED, &ANY]),
        ("Constructor", &[&INFERRED, &FQ_NAME]),
        ("Tuple", &[&INFERRED, &List(&VALUE)]),
        ("List", &[&INFERRED, &List(&VALUE)]),
        ("Record", &[&INFERRED, &NAMED_VALUES]),
        ("Variable", &[&INFERRED, &ANY]),
        ("Reference", &[&INFERRED, &FQ_NAME]),
        ("Field", &[&INFERRED, &VALUE, &ANY]),
        ("FieldFunction", &[&INFERRED, &ANY]),
        ("Apply", &[&INFERRED, &VALUE, &VALUE]),
        ("Lambda", &[&INFERRED, &PATTERN, &VALUE]),
        ("LetDefinition", &[&INFERRED, &ANY, &VALUE_DEFINITION, &VALUE]),
        ("LetRecursion", &[&INFERRED, &List(&Tuple(&[&ANY, &VALUE_DEFINITION])), &VALUE]),
        ("Destructure", &[&INFERRED, &PATTERN, &VALUE, &VALUE]),
        ("IfThenElse", &[&INFERRED, &VALUE, &VALUE, &VALUE]),
        ("PatternMatch", &[&INFERRED, &VALUE, &List(&Tuple(&[&PATTERN, &VALUE]))]),
        ("UpdateRecord", &[&INFERRED, &VALUE, &NAMED_VALUES]),
        ("Unit", &[&INFERRED]),
    ],
);
static NAMED_VALUES: Shape = List(&Tuple(&[&ANY, &VALUE]));

static PATTERN: Shape = Tagged(
    "pattern",
    &[
        ("WildcardPattern", &[&INFERRED]),
        ("AsPattern", &[&INFERRED, &PATTERN, &ANY]),
        ("TuplePattern", &[&INFERRED, &List(&PATTERN)]),
        ("ConstructorPattern", &[&INFERRED, &FQ_NAME, &List(&PATTERN)]),
        ("EmptyListPattern", &[&INFERRED]),
        ("HeadTailPattern", &[&INFERRED, &PATTERN, &PATTERN]),
        ("LiteralPattern", &[&INFERRED, &ANY]),
        ("UnitPattern", &[&INFERRED]),
    ],
);
