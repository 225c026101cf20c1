//! What a reference to a type stands for: all that occurs in the type's definition, and in those of the types that it refers to.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::value::RawValue;

use crate::ir::{Library, Module};
use crate::json::{Json, Misfit, Tree};
use crate::name::FqName;
use crate::tally::{References, Tally};

/// How often each feature occurs. A sum too large for 64 bits stays at their end.
pub type Counts = BTreeMap<String, u64>;

/// The types of Morphir's SDK that stand for others, as the specification in morphir-elm 2.100 has them. What is not here is opaque.
const SDK: &str = include_str!("sdk.json");
const SDK_NAME: &str = r#"[["morphir"],["s","d","k"]]"#;

pub fn sdk() -> Tree<'static> {
    let json: &RawValue = serde_json::from_str(SDK).expect("sdk.json is JSON");
    Tree::new(json)
}

/// By the full names of the types.
pub struct Expansions<'tree> {
    definitions: Vec<Tally<'tree>>,
    indices: HashMap<Cow<'tree, str>, usize>,
    /// Of those definitions that are done.
    counts: Vec<Option<Counts>>,
}

impl<'tree> Expansions<'tree> {
    pub fn new(library: &Library<'tree>, sdk: &'tree Tree<'tree>) -> Result<Self, Misfit> {
        let mut all = Self { definitions: Vec::new(), indices: HashMap::new(), counts: Vec::new() };
        // The model's own package last, and Morphir's as it is here: what is added later takes the place of what was there.
        for (package, specification) in &library.dependencies {
            if package.compact()? != SDK_NAME {
                all.add_package(&package.compact()?, &Module::specified(*specification)?)?;
            }
        }
        all.add_package(SDK_NAME, &Module::specified(sdk.root())?)?;
        all.add_package(&library.name.compact()?, &library.modules)?;
        all.expand()?;
        Ok(all)
    }

    fn add_package(&mut self, package: &str, modules: &[Module<'tree>]) -> Result<(), Misfit> {
        for module in modules {
            for (name, definition) in &module.types {
                let name = format!("[{package},{},{}]", module.path.compact()?, name.compact()?);
                self.indices.insert(Cow::Owned(name), self.definitions.len());
                self.definitions.push(tally_of(*definition)?);
            }
        }
        self.counts.resize(self.definitions.len(), None);
        Ok(())
    }

    /// Follows the references from each definition, deepest first, by Tarjan's algorithm with a stack of its own. Types that refer to
    /// each other in a circle are done together: within it a reference counts, and is not followed round and round.
    fn expand(&mut self) -> Result<(), Misfit> {
        const NEW: usize = usize::MAX;
        let total = self.definitions.len();
        let next: Vec<Vec<usize>> = self.definitions.iter().map(|tally| self.targets(&tally.types)).collect();
        let mut found = vec![NEW; total];
        let mut lowest = vec![NEW; total];
        let mut waiting = vec![false; total];
        let mut circle = Vec::new();
        let mut order = 0;
        for start in 0..total {
            let mut path = if found[start] == NEW { vec![(start, 0)] } else { vec![] };
            while let Some((at, edge)) = path.pop() {
                if edge == 0 {
                    found[at] = order;
                    lowest[at] = order;
                    order += 1;
                    circle.push(at);
                    waiting[at] = true;
                }
                if edge > 0 {
                    lowest[at] = lowest[at].min(lowest[next[at][edge - 1]]);
                }
                let unseen = (edge..next[at].len()).find(|edge| {
                    let target = next[at][*edge];
                    if waiting[target] {
                        lowest[at] = lowest[at].min(found[target]);
                    }
                    found[target] == NEW
                });
                if let Some(edge) = unseen {
                    path.push((at, edge + 1));
                    path.push((next[at][edge], 0));
                } else if lowest[at] == found[at] {
                    let members = circle.split_off(circle.iter().rposition(|member| *member == at).unwrap_or(0));
                    let done = members.iter().map(|member| self.total(&self.definitions[*member]));
                    let done: Vec<_> = done.collect::<Result<_, _>>()?;
                    for (member, counts) in members.into_iter().zip(done) {
                        waiting[member] = false;
                        self.counts[member] = Some(counts);
                    }
                }
            }
        }
        Ok(())
    }

    fn targets(&self, references: &References) -> Vec<usize> {
        references.keys().filter_map(|name| self.indices.get(name).copied()).collect()
    }

    /// What occurs in a part of the IR, with all that its references to types stand for.
    pub fn total(&self, tally: &Tally) -> Result<Counts, Misfit> {
        let mut counts = Counts::new();
        for (feature, count) in &tally.features {
            add(&mut counts, feature, *count);
        }
        for (name, (place, count)) in &tally.types {
            add(&mut counts, "Type.Reference", *count);
            if let Some(feature) = sdk_feature(*place)? {
                add(&mut counts, &feature, *count);
            }
            let expansion = self.indices.get(name).and_then(|index| self.counts[*index].as_ref());
            for (feature, times) in expansion.into_iter().flatten() {
                add(&mut counts, feature, times.saturating_mul(*count));
            }
        }
        for (place, count) in tally.values.values() {
            add(&mut counts, "Value.Reference", *count);
            if let Some(feature) = sdk_feature(*place)? {
                add(&mut counts, &feature, *count);
            }
        }
        Ok(counts)
    }
}

fn tally_of<'tree>(definition: Json<'tree>) -> Result<Tally<'tree>, Misfit> {
    let mut tally = Tally::default();
    let tagged = definition.tagged("type definition")?;
    match tagged.tag {
        "TypeAliasDefinition" | "TypeAliasSpecification" => {
            let [_, tpe] = tagged.parts()?;
            tally.add_type(tpe)?;
        }
        "CustomTypeDefinition" => {
            let [_, constructors] = tagged.parts()?;
            tally.add_constructors(constructors.field("value")?)?;
        }
        "CustomTypeSpecification" => {
            let [_, constructors] = tagged.parts()?;
            tally.add_constructors(constructors)?;
        }
        "DerivedTypeSpecification" => {
            let [_, details] = tagged.parts()?;
            tally.add_type(details.field("baseType")?)?;
        }
        "OpaqueTypeSpecification" => {}
        _ => return Err(tagged.unknown()),
    }
    Ok(tally)
}

fn add(counts: &mut Counts, feature: &str, count: u64) {
    match counts.get_mut(feature) {
        Some(sum) => *sum = sum.saturating_add(count),
        None => {
            counts.insert(feature.to_owned(), count);
        }
    }
}

/// What of Morphir's SDK is used is a feature of its own.
fn sdk_feature(name: Json) -> Result<Option<String>, Misfit> {
    let name = FqName::read(name)?;
    Ok((name.package.title() == "Morphir.SDK").then(|| name.colons()))
}
