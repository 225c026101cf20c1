//! From a model's types to a JSON Schema, as morphir-elm's back end does it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use crate::ir::{IrError, Library, distribution};
use crate::json::{Json, Misfit, Tree};
use crate::name::{FqName, Name, Path};
use crate::schema::{Document, Schema};
use crate::tpe::{Field, Type, constructors};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// What became of a model.
pub struct Mapped {
    /// The title of its package: `Morphir.Reference.Model`.
    pub package: String,
    /// Complete only if no type was refused.
    pub document: Document,
    /// Types that JSON Schema has nothing for, each in one sentence.
    pub refused: BTreeSet<String>,
    /// What definitions refer to and the schema does not define: the definition, and the full name.
    pub missing: BTreeSet<(String, String)>,
}

pub fn map(ir: &RawValue) -> Result<Mapped, IrError> {
    let tree = Tree::new(ir);
    let library = Library::read(distribution(tree.root())?)?;
    let package = Path::read(library.name)?;
    let mut mapping = Mapping::default();
    for module in &library.modules {
        mapping.module = Path::read(module.path)?.title();
        for (name, definition) in &module.types {
            mapping.definition = format!("{}.{}", mapping.module, Name::read(*name)?.title());
            mapping.add(*definition)?;
        }
    }
    let Mapping { definitions, refused, references, .. } = mapping;
    let missing = references.into_iter().filter(|(_, _, target)| !definitions.contains_key(target));
    Ok(Mapped {
        package: package.title(),
        missing: missing.map(|(definition, name, _)| (definition, name)).collect(),
        refused,
        document: Document { id: format!("https://morphir.finos.org/{}.schema.json", package.snake()), definitions },
    })
}

#[derive(Default)]
struct Mapping {
    module: String,
    definition: String,
    definitions: BTreeMap<String, Schema>,
    refused: BTreeSet<String>,
    /// The definition, the full name that it refers to, and what the schema calls that.
    references: BTreeSet<(String, String, String)>,
}

impl Mapping {
    fn add(&mut self, definition: Json) -> Result<(), Misfit> {
        let tagged = definition.tagged("type definition")?;
        let schema = match tagged.tag {
            "TypeAliasDefinition" => {
                let [_, tpe] = tagged.parts()?;
                self.schema(&Type::read(tpe)?)
            }
            "CustomTypeDefinition" => {
                let [_, controlled] = tagged.parts()?;
                // In morphir-elm a dictionary: whatever their order is here, they are sorted by name.
                let choices: BTreeMap<_, _> = constructors(controlled.field("value")?)?.into_iter().collect();
                self.one_of(choices.into_iter().map(|(name, arguments)| (name.title(), arguments)))
            }
            _ => return Err(tagged.unknown()),
        };
        if let Some(schema) = schema {
            self.definitions.insert(self.definition.clone(), schema);
        }
        Ok(())
    }

    /// `Red` is a text, `Mixed 3 5` a list that begins with one.
    fn one_of(&mut self, constructors: impl Iterator<Item = (String, Vec<Type>)>) -> Option<Schema> {
        let choices = constructors.map(|(name, arguments)| {
            let name = Schema::Const(name);
            if arguments.is_empty() {
                return Some(name);
            }
            let mut parts = self.all(&arguments)?;
            parts.insert(0, name);
            Some(Schema::Tuple(parts))
        });
        complete(choices).map(Schema::OneOf)
    }

    /// Nothing if the type was refused, or one in it.
    fn schema(&mut self, tpe: &Type) -> Option<Schema> {
        match tpe {
            Type::Reference(name, arguments) => self.reference(name, arguments),
            Type::Record(fields) => self.object(fields),
            Type::Tuple(parts) => self.all(parts).map(Schema::Tuple),
            Type::Variable(_) | Type::ExtensibleRecord(..) | Type::Function(..) | Type::Unit => {
                self.refused.insert(format!("Cannot map type {} in module {}", tpe.to_text(), self.module));
                None
            }
        }
    }

    fn all(&mut self, types: &[Type]) -> Option<Vec<Schema>> {
        complete(types.iter().map(|tpe| self.schema(tpe)))
    }

    fn object(&mut self, fields: &[Field]) -> Option<Schema> {
        let mut required = Vec::new();
        let properties = fields.iter().map(|Field { name, tpe }| {
            let name = name.camel();
            let Type::Reference(target, arguments) = tpe else {
                required.push(name.clone());
                return Some((name, self.schema(tpe)?));
            };
            // What may be missing is left out, so nothing has to say that it may be null.
            let schema = match (&*target.colons(), &arguments[..]) {
                ("Morphir.SDK:Maybe:maybe", [item]) => self.schema(item),
                ("Morphir.SDK:Maybe:maybe", _) => self.schema(tpe),
                _ => {
                    required.push(name.clone());
                    self.schema(tpe)
                }
            };
            Some((name, schema?))
        });
        let properties = complete(properties)?.into_iter().collect();
        Some(Schema::Object { properties, required })
    }

    fn reference(&mut self, name: &FqName, arguments: &[Type]) -> Option<Schema> {
        let full = name.colons();
        let text = |format| Some(Schema::Text { format });
        match (&*full, arguments) {
            ("Morphir.SDK:Basics:int", []) => Some(Schema::Integer),
            ("Morphir.SDK:Basics:float", []) => Some(Schema::Number),
            ("Morphir.SDK:Basics:bool", []) => Some(Schema::Boolean),
            ("Morphir.SDK:String:string" | "Morphir.SDK:Char:char" | "Morphir.SDK:Decimal:decimal", []) => text(None),
            ("Morphir.SDK:LocalDate:localDate", []) => text(Some("date")),
            ("Morphir.SDK:LocalTime:localTime", []) => text(Some("time")),
            ("Morphir.SDK:LocalDate:month", []) => {
                Some(Schema::OneOf(MONTHS.iter().map(|month| Schema::Const((*month).to_owned())).collect()))
            }
            ("Morphir.SDK:List:list", [item]) => self.list(item, false),
            ("Morphir.SDK:Set:set", [item]) => self.list(item, true),
            ("Morphir.SDK:Maybe:maybe", [item]) => Some(Schema::OneOf(vec![Schema::Null, self.schema(item)?])),
            ("Morphir.SDK:Result:result", [error, value]) => {
                let mut tagged =
                    |tag: &str, tpe| Some(Schema::Tuple(vec![Schema::Const(tag.to_owned()), self.schema(tpe)?]));
                complete([tagged("Err", error), tagged("Ok", value)].into_iter()).map(Schema::OneOf)
            }
            ("Morphir.SDK:Dict:dict", [key, value]) => {
                let entry = complete([self.schema(key), self.schema(value)].into_iter())?;
                Some(Schema::List { items: Schema::Tuple(entry).into(), unique: true })
            }
            _ => {
                let target = format!("{}.{}", name.module.title(), name.name.title());
                self.references.insert((self.definition.clone(), full, target.clone()));
                Some(Schema::Reference(target))
            }
        }
    }

    fn list(&mut self, item: &Type, unique: bool) -> Option<Schema> {
        Some(Schema::List { items: self.schema(item)?.into(), unique })
    }
}

/// All of them, or nothing. Each is asked for, so that all that is refused is told at once.
fn complete<T>(parts: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let parts: Vec<_> = parts.collect();
    parts.into_iter().collect()
}

#[cfg(test)]
mod tests;
