//! Walks through values and finds their faults. What is still to be done waits in a list, not on the stack.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::ir::{IrError, Library, distribution, pairs};
use crate::json::{Json, Misfit, Tree};
use crate::name::{Name, Path};
use crate::rule::{Rule, Rules, Severity};
use crate::scope::{Kind, Scope};

/// One fault.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    pub severity: Severity,
    pub code: Rule,
    pub message: String,
    pub data: Place,
}

/// The IR has no lines: a fault is in a value, and at a name or not.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    pub module: String,
    pub value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The faults, value by value in the order of the IR; inner ones first.
pub fn lint(ir: &RawValue, rules: &Rules) -> Result<Vec<Diagnostic>, IrError> {
    let tree = Tree::new(ir);
    let library = Library::read(distribution(tree.root())?)?;
    let mut found = Vec::new();
    for module in &library.modules {
        let path = Path::read(module.path)?.title();
        for (name, definition) in &module.values {
            let value = Name::read(*name)?.camel();
            let mut walk = Walk { rules, module: &path, value: &value, scope: Scope::default(), found: Vec::new() };
            walk.run(*definition)?;
            found.append(&mut walk.found);
        }
    }
    Ok(found)
}

struct Walk<'walk, 'tree> {
    rules: &'walk Rules,
    module: &'walk str,
    value: &'walk str,
    scope: Scope<'tree>,
    found: Vec<Diagnostic>,
}

enum Step<'tree> {
    Value(Json<'tree>),
    /// A definition, and the name of its own if it has one in scope.
    Definition(Json<'tree>, Option<Json<'tree>>),
    Defined(Json<'tree>),
    Bind(Json<'tree>, Kind),
    Pattern(Json<'tree>),
    /// The scope of the last so many names ends.
    Unbind(usize),
}

impl<'tree> Walk<'_, 'tree> {
    fn run(&mut self, definition: Json<'tree>) -> Result<(), Misfit> {
        let mut steps = vec![Step::Definition(definition, None)];
        while let Some(step) = steps.pop() {
            match step {
                Step::Value(value) => self.value(value, &mut steps)?,
                Step::Definition(definition, name) => {
                    if let Some(name) = name {
                        self.scope.set_defining(name, true)?;
                        steps.push(Step::Defined(name));
                    }
                    let mut arguments = Vec::new();
                    for input in definition.field("inputTypes")?.items("inputTypes")? {
                        let [name, _, _] = input.tuple("an input")?;
                        arguments.push(Step::Bind(name, Kind::Argument));
                    }
                    steps.push(Step::Unbind(arguments.len()));
                    steps.push(Step::Value(definition.field("body")?));
                    steps.extend(arguments.into_iter().rev());
                }
                Step::Defined(name) => self.scope.set_defining(name, false)?,
                Step::Bind(name, kind) => self.bind(name, kind)?,
                Step::Pattern(pattern) => {
                    for name in variables(pattern)? {
                        self.bind(name, Kind::Pattern)?;
                    }
                }
                Step::Unbind(count) => self.unbind(count)?,
            }
        }
        Ok(())
    }

    /// Steps are pushed last first.
    fn value(&mut self, value: Json<'tree>, steps: &mut Vec<Step<'tree>>) -> Result<(), Misfit> {
        let tagged = value.tagged("value")?;
        match tagged.tag {
            "Literal" | "Constructor" | "Reference" | "FieldFunction" => {
                let [_, _] = tagged.parts()?;
            }
            "Unit" => {
                let [_] = tagged.parts()?;
            }
            "Variable" => {
                let [_, name] = tagged.parts()?;
                self.scope.use_name(name)?;
            }
            "Tuple" | "List" => {
                let [_, values] = tagged.parts()?;
                extend(steps, values.items("values")?);
            }
            "Record" => {
                let [_, fields] = tagged.parts()?;
                extend(steps, pairs(fields, "fields")?.into_iter().map(|(_, value)| value));
            }
            "Field" => {
                let [_, record, _] = tagged.parts()?;
                steps.push(Step::Value(record));
            }
            "Apply" => {
                let [_, function, argument] = tagged.parts()?;
                extend(steps, [function, argument].into_iter());
            }
            "Lambda" => {
                let [_, pattern, body] = tagged.parts()?;
                within_pattern(steps, pattern, body)?;
            }
            "LetDefinition" => {
                let [_, name, definition, body] = tagged.parts()?;
                steps.extend([
                    Step::Unbind(1),
                    Step::Value(body),
                    Step::Bind(name, Kind::Binding),
                    Step::Definition(definition, None),
                ]);
            }
            "LetRecursion" => {
                let [_, definitions, body] = tagged.parts()?;
                let definitions = pairs(definitions, "definitions")?;
                steps.extend([Step::Unbind(definitions.len()), Step::Value(body)]);
                steps.extend(
                    definitions.iter().rev().map(|(name, definition)| Step::Definition(*definition, Some(*name))),
                );
                steps.extend(definitions.iter().rev().map(|(name, _)| Step::Bind(*name, Kind::Binding)));
            }
            "Destructure" => {
                let [_, pattern, from, body] = tagged.parts()?;
                within_pattern(steps, pattern, body)?;
                steps.push(Step::Value(from));
            }
            "IfThenElse" => {
                let [_, condition, then, otherwise] = tagged.parts()?;
                if condition.tagged("value")?.tag == "Literal" {
                    self.report(Rule::ConstantCondition, None, "has a condition that is always the same".to_owned());
                }
                extend(steps, [condition, then, otherwise].into_iter());
            }
            "PatternMatch" => {
                let [_, subject, cases] = tagged.parts()?;
                let cases = pairs(cases, "cases")?;
                self.cases(&cases)?;
                for (pattern, body) in cases.into_iter().rev() {
                    within_pattern(steps, pattern, body)?;
                }
                steps.push(Step::Value(subject));
            }
            "UpdateRecord" => {
                let [_, record, fields] = tagged.parts()?;
                extend(steps, pairs(fields, "fields")?.into_iter().map(|(_, value)| value));
                steps.push(Step::Value(record));
            }
            _ => return Err(tagged.unknown()),
        }
        Ok(())
    }

    fn cases(&mut self, cases: &[(Json<'tree>, Json<'tree>)]) -> Result<(), Misfit> {
        let mut after = cases.len();
        for (index, (pattern, _)) in cases.iter().enumerate() {
            if takes_everything(*pattern)? {
                after = index + 1;
                break;
            }
        }
        for index in after..cases.len() {
            let message =
                format!("never comes to branch {} of a match, because branch {after} takes everything", index + 1);
            self.report(Rule::UnreachableBranch, None, message);
        }
        Ok(())
    }

    fn bind(&mut self, name: Json<'tree>, kind: Kind) -> Result<(), Misfit> {
        if self.scope.bind(name, kind)? {
            let name = Name::read(name)?.camel();
            let message = format!("has two meanings for {name}, one within the other");
            self.report(Rule::ShadowedName, Some(name), message);
        }
        Ok(())
    }

    fn unbind(&mut self, count: usize) -> Result<(), Misfit> {
        let mut unused = Vec::new();
        for _ in 0..count {
            unused.extend(self.scope.unbind().filter(|bound| !bound.is_used()));
        }
        for bound in unused.into_iter().rev() {
            let name = Name::read(bound.name)?.camel();
            let (rule, what) = match bound.kind {
                Kind::Argument => (Rule::UnusedArgument, "its argument"),
                Kind::Binding => (Rule::UnusedBinding, "what it defines as"),
                Kind::Pattern => (Rule::UnusedPatternVariable, "what a pattern calls"),
            };
            self.report(rule, Some(name.clone()), format!("does not use {what} {name}"));
        }
        Ok(())
    }

    fn report(&mut self, rule: Rule, name: Option<String>, what: String) {
        let Some(severity) = self.rules.severity(rule) else { return };
        let (module, value) = (self.module.to_owned(), self.value.to_owned());
        let message = format!("{module}.{value} {what}");
        self.found.push(Diagnostic { severity, code: rule, message, data: Place { module, value, name } });
    }
}

fn extend<'tree>(steps: &mut Vec<Step<'tree>>, values: impl Iterator<Item = Json<'tree>>) {
    let start = steps.len();
    steps.extend(values.map(Step::Value));
    steps[start..].reverse();
}

fn within_pattern<'tree>(steps: &mut Vec<Step<'tree>>, pattern: Json<'tree>, body: Json<'tree>) -> Result<(), Misfit> {
    let count = variables(pattern)?.len();
    steps.extend([Step::Unbind(count), Step::Value(body), Step::Pattern(pattern)]);
    Ok(())
}

/// The names in a pattern.
fn variables(pattern: Json) -> Result<Vec<Json>, Misfit> {
    let mut names = Vec::new();
    let mut rest = vec![pattern];
    while let Some(pattern) = rest.pop() {
        let tagged = pattern.tagged("pattern")?;
        let start = rest.len();
        match tagged.tag {
            "WildcardPattern" | "EmptyListPattern" | "UnitPattern" => {
                let [_] = tagged.parts()?;
            }
            "LiteralPattern" => {
                let [_, _] = tagged.parts()?;
            }
            "AsPattern" => {
                let [_, inner, name] = tagged.parts()?;
                names.push(name);
                rest.push(inner);
            }
            "TuplePattern" => {
                let [_, parts] = tagged.parts()?;
                rest.extend(parts.items("patterns")?);
            }
            "ConstructorPattern" => {
                let [_, _, arguments] = tagged.parts()?;
                rest.extend(arguments.items("patterns")?);
            }
            "HeadTailPattern" => {
                let [_, head, tail] = tagged.parts()?;
                rest.extend([head, tail]);
            }
            _ => return Err(tagged.unknown()),
        }
        rest[start..].reverse();
    }
    Ok(names)
}

/// Whether a pattern is a name, `_`, or made of nothing else but `()` and tuples.
fn takes_everything(pattern: Json) -> Result<bool, Misfit> {
    let mut rest = vec![pattern];
    while let Some(pattern) = rest.pop() {
        let tagged = pattern.tagged("pattern")?;
        match tagged.tag {
            "WildcardPattern" | "UnitPattern" => {}
            "AsPattern" => {
                let [_, inner, _] = tagged.parts()?;
                rest.push(inner);
            }
            "TuplePattern" => {
                let [_, parts] = tagged.parts()?;
                rest.extend(parts.items("patterns")?);
            }
            _ => return Ok(false),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
