//! What occurs in types, values and patterns. What is still to be looked at waits in a list, not on the stack.
//!
//! Which parts are looked at is morphir-elm's choice, whose figures these are: `morphir stats` looks neither into the bodies of
//! lambdas and of the cases of a match, nor into what a `let` defines and is for, nor at records that are read or updated.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::ir::pairs;
use crate::json::{Json, Misfit};

/// How often each feature occurs in some part of an IR, and what is referred to.
#[derive(Default)]
pub struct Tally<'tree> {
    pub features: HashMap<&'static str, u64>,
    pub types: References<'tree>,
    pub values: References<'tree>,
}

/// How often each name is referred to, and one of the places where.
pub type References<'tree> = HashMap<Cow<'tree, str>, (Json<'tree>, u64)>;

impl<'tree> Tally<'tree> {
    pub fn count(&mut self, feature: &'static str) {
        *self.features.entry(feature).or_default() += 1;
    }

    pub fn add_type(&mut self, tpe: Json<'tree>) -> Result<(), Misfit> {
        let mut rest = vec![tpe];
        while let Some(tpe) = rest.pop() {
            let tagged = tpe.tagged("type")?;
            match tagged.tag {
                "Variable" => self.count("Type.Variable"),
                "Reference" => {
                    let [_, name, arguments] = tagged.parts()?;
                    refer(&mut self.types, name)?;
                    rest.extend(arguments.items("arguments")?);
                }
                "Tuple" => {
                    self.count("Type.Tuple");
                    let [_, parts] = tagged.parts()?;
                    rest.extend(parts.items("types")?);
                }
                "Record" => {
                    self.count("Type.Record");
                    let [_, fields] = tagged.parts()?;
                    rest.extend(field_types(fields)?);
                }
                "ExtensibleRecord" => {
                    self.count("Type.ExtensibleRecord");
                    let [_, _, fields] = tagged.parts()?;
                    rest.extend(field_types(fields)?);
                }
                "Function" => {
                    self.count("Type.Function");
                    let [_, argument, result] = tagged.parts()?;
                    rest.extend([argument, result]);
                }
                "Unit" => self.count("Type.Unit"),
                _ => return Err(tagged.unknown()),
            }
        }
        Ok(())
    }

    /// The types in a dictionary of constructors.
    pub fn add_constructors(&mut self, constructors: Json<'tree>) -> Result<(), Misfit> {
        for (_, arguments) in pairs(constructors, "constructors")? {
            for (_, tpe) in pairs(arguments, "arguments")? {
                self.add_type(tpe)?;
            }
        }
        Ok(())
    }

    /// The type of a value, those of its arguments, and its body.
    pub fn add_definition(&mut self, definition: Json<'tree>) -> Result<(), Misfit> {
        let mut rest = vec![definition];
        while let Some(definition) = rest.pop() {
            for input in definition.field("inputTypes")?.items("inputTypes")? {
                let [_, _, tpe] = input.tuple("an input")?;
                self.add_type(tpe)?;
            }
            self.add_type(definition.field("outputType")?)?;
            self.add_value(definition.field("body")?, &mut rest)?;
        }
        Ok(())
    }

    fn add_value(&mut self, body: Json<'tree>, definitions: &mut Vec<Json<'tree>>) -> Result<(), Misfit> {
        let mut rest = vec![body];
        while let Some(value) = rest.pop() {
            let tagged = value.tagged("value")?;
            match tagged.tag {
                "Literal" => {
                    self.count("Value.Literal");
                    let [_, literal] = tagged.parts()?;
                    self.add_literal(literal)?;
                }
                "Constructor" => self.count("Value.Constructor"),
                "Tuple" => {
                    self.count("Value.Tuple");
                    let [_, parts] = tagged.parts()?;
                    rest.extend(parts.items("values")?);
                }
                "List" => {
                    self.count("Value.List");
                    let [_, items] = tagged.parts()?;
                    rest.extend(items.items("values")?);
                }
                "Record" => {
                    self.count("Value.Record");
                    let [_, fields] = tagged.parts()?;
                    rest.extend(named(fields)?);
                }
                "Variable" => self.count("Value.Variable"),
                "Reference" => {
                    let [_, name] = tagged.parts()?;
                    refer(&mut self.values, name)?;
                }
                "Field" => self.count("Value.Field"),
                "FieldFunction" => self.count("Value.FieldFunction"),
                "Apply" => {
                    // Several arguments are one call.
                    self.count("Value.Apply");
                    let [_, mut function, argument] = tagged.parts()?;
                    rest.push(argument);
                    loop {
                        let inner = function.tagged("value")?;
                        if inner.tag != "Apply" {
                            break;
                        }
                        let [_, next, argument] = inner.parts()?;
                        rest.push(argument);
                        function = next;
                    }
                    rest.push(function);
                }
                "Lambda" => {
                    self.count("Value.Lambda");
                    let [_, pattern, _] = tagged.parts()?;
                    self.add_pattern(pattern)?;
                }
                "LetDefinition" => self.count("Value.LetDefinition"),
                "LetRecursion" => {
                    self.count("Value.LetRecursion");
                    let [_, defined, within] = tagged.parts()?;
                    definitions.extend(named(defined)?);
                    rest.push(within);
                }
                "Destructure" => {
                    self.count("Value.Destructure");
                    let [_, pattern, from, within] = tagged.parts()?;
                    self.add_pattern(pattern)?;
                    rest.extend([from, within]);
                }
                "IfThenElse" => {
                    self.count("Value.IfThenElse");
                    let [_, condition, then, otherwise] = tagged.parts()?;
                    rest.extend([condition, then, otherwise]);
                }
                "PatternMatch" => {
                    self.count("Value.PatternMatch");
                    let [_, _, cases] = tagged.parts()?;
                    for (pattern, _) in pairs(cases, "cases")? {
                        self.add_pattern(pattern)?;
                    }
                }
                "UpdateRecord" => {
                    self.count("Value.UpdateRecord");
                    let [_, _, fields] = tagged.parts()?;
                    rest.extend(named(fields)?);
                }
                "Unit" => self.count("Value.Unit"),
                _ => return Err(tagged.unknown()),
            }
        }
        Ok(())
    }

    fn add_pattern(&mut self, pattern: Json<'tree>) -> Result<(), Misfit> {
        let mut rest = vec![pattern];
        while let Some(pattern) = rest.pop() {
            let tagged = pattern.tagged("pattern")?;
            match tagged.tag {
                "WildcardPattern" => self.count("WildcardPattern"),
                "AsPattern" => {
                    let [_, inner, _] = tagged.parts()?;
                    // A name alone is no feature.
                    if inner.tagged("pattern")?.tag != "WildcardPattern" {
                        self.count("AsPattern");
                        rest.push(inner);
                    }
                }
                "TuplePattern" => {
                    self.count("TuplePattern");
                    let [_, parts] = tagged.parts()?;
                    rest.extend(parts.items("patterns")?);
                }
                "ConstructorPattern" => {
                    self.count("ConstructorPattern");
                    let [_, _, arguments] = tagged.parts()?;
                    rest.extend(arguments.items("patterns")?);
                }
                "EmptyListPattern" => self.count("EmptyListPattern"),
                "HeadTailPattern" => {
                    self.count("HeadTailPattern");
                    let [_, head, tail] = tagged.parts()?;
                    rest.extend([head, tail]);
                }
                "LiteralPattern" => {
                    self.count("LiteralPattern");
                    let [_, literal] = tagged.parts()?;
                    self.add_literal(literal)?;
                }
                "UnitPattern" => self.count("UnitPattern"),
                _ => return Err(tagged.unknown()),
            }
        }
        Ok(())
    }

    fn add_literal(&mut self, literal: Json<'tree>) -> Result<(), Misfit> {
        let tagged = literal.tagged("literal")?;
        self.count(match tagged.tag {
            "BoolLiteral" => "BoolLiteral",
            "CharLiteral" => "CharLiteral",
            "StringLiteral" => "StringLiteral",
            "WholeNumberLiteral" => "WholeNumberLiteral",
            "FloatLiteral" => "FloatLiteral",
            "DecimalLiteral" => "DecimalLiteral",
            _ => return Err(tagged.unknown()),
        });
        Ok(())
    }
}

fn refer<'tree>(references: &mut References<'tree>, name: Json<'tree>) -> Result<(), Misfit> {
    references.entry(name.compact()?).or_insert((name, 0)).1 += 1;
    Ok(())
}

fn field_types<'tree>(fields: Json<'tree>) -> Result<Vec<Json<'tree>>, Misfit> {
    fields.items("fields")?.map(|field| field.field("tpe")).collect()
}

fn named<'tree>(dictionary: Json<'tree>) -> Result<Vec<Json<'tree>>, Misfit> {
    Ok(pairs(dictionary, "a dictionary")?.into_iter().map(|(_, value)| value).collect())
}
