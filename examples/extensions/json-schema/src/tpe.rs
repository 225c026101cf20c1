//! Types of the IR as a tree, with a bound on its depth: whatever walks it may recurse.

use crate::ir::pairs;
use crate::json::{Json, Misfit};
use crate::name::{FqName, Name};

/// How deep types may nest. A guest's stack would do for more, but each level also indents every line of the schema further.
pub const MAX_DEPTH: usize = 200;

pub enum Type {
    Variable(Name),
    Reference(FqName, Vec<Type>),
    Tuple(Vec<Type>),
    Record(Vec<Field>),
    ExtensibleRecord(Name, Vec<Field>),
    Function(Box<Type>, Box<Type>),
    Unit,
}

pub struct Field {
    pub name: Name,
    pub tpe: Type,
}

impl Type {
    pub fn read(json: Json) -> Result<Self, Misfit> {
        Self::within(json, MAX_DEPTH)
    }

    fn within(json: Json, depth: usize) -> Result<Self, Misfit> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(json.misfit(format_args!("a type is nested deeper than {MAX_DEPTH} levels")));
        };
        let all = |list: Json| list.items("types")?.map(|tpe| Self::within(tpe, depth)).collect::<Result<_, _>>();
        let fields =
            |list: Json| list.items("fields")?.map(|field| Field::within(field, depth)).collect::<Result<_, _>>();
        let tagged = json.tagged("type")?;
        Ok(match tagged.tag {
            "Variable" => {
                let [_, name] = tagged.parts()?;
                Self::Variable(Name::read(name)?)
            }
            "Reference" => {
                let [_, name, arguments] = tagged.parts()?;
                Self::Reference(FqName::read(name)?, all(arguments)?)
            }
            "Tuple" => {
                let [_, parts] = tagged.parts()?;
                Self::Tuple(all(parts)?)
            }
            "Record" => {
                let [_, list] = tagged.parts()?;
                Self::Record(fields(list)?)
            }
            "ExtensibleRecord" => {
                let [_, name, list] = tagged.parts()?;
                Self::ExtensibleRecord(Name::read(name)?, fields(list)?)
            }
            "Function" => {
                let [_, argument, result] = tagged.parts()?;
                Self::Function(Self::within(argument, depth)?.into(), Self::within(result, depth)?.into())
            }
            "Unit" => Self::Unit,
            _ => return Err(tagged.unknown()),
        })
    }

    /// As morphir-elm names types in its messages.
    pub fn to_text(&self) -> String {
        let joined = |types: &[Self], between| types.iter().map(Self::to_text).collect::<Vec<_>>().join(between);
        match self {
            Self::Variable(name) => name.camel(),
            Self::Reference(FqName { package, module, name }, arguments) => {
                let name = format!("{}.{}.{}", package.title(), module.title(), name.title());
                if arguments.is_empty() { name } else { format!("{name} {}", joined(arguments, " ")) }
            }
            Self::Tuple(parts) => format!("( {} )", joined(parts, ", ")),
            Self::Record(fields) => format!("{{ {} }}", Field::joined(fields)),
            Self::ExtensibleRecord(name, fields) => format!("{{ {} | {} }}", name.camel(), Field::joined(fields)),
            Self::Function(argument, result) => match **argument {
                Self::Function(..) => format!("({}) -> {}", argument.to_text(), result.to_text()),
                _ => format!("{} -> {}", argument.to_text(), result.to_text()),
            },
            Self::Unit => "()".to_owned(),
        }
    }
}

impl Field {
    fn within(json: Json, depth: usize) -> Result<Self, Misfit> {
        Ok(Self { name: Name::read(json.field("name")?)?, tpe: Type::within(json.field("tpe")?, depth)? })
    }

    fn joined(fields: &[Self]) -> String {
        let texts = fields.iter().map(|field| format!("{} : {}", field.name.camel(), field.tpe.to_text()));
        texts.collect::<Vec<_>>().join(", ")
    }
}

/// A constructor's name and the types of its arguments.
pub fn constructors(json: Json) -> Result<Vec<(Name, Vec<Type>)>, Misfit> {
    let constructor = |(name, arguments)| {
        let types = pairs(arguments, "arguments")?.into_iter().map(|(_, tpe)| Type::read(tpe));
        Ok((Name::read(name)?, types.collect::<Result<_, Misfit>>()?))
    };
    pairs(json, "constructors")?.into_iter().map(constructor).collect()
}
