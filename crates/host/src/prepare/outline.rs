//! The sections of a module, found once.

use wasmparser::{BinaryReaderError, KnownCustom, Parser, Payload};

/// The sections of a module, each as its reader. Custom sections other than names are left behind: debug information would
/// point to the wrong places.
#[derive(Default)]
pub(super) struct Outline<'a> {
    pub types: Option<wasmparser::TypeSectionReader<'a>>,
    pub imports: Vec<wasmparser::Import<'a>>,
    pub functions: Option<wasmparser::FunctionSectionReader<'a>>,
    pub tables: Option<wasmparser::TableSectionReader<'a>>,
    pub memories: Option<wasmparser::MemorySectionReader<'a>>,
    pub globals: Option<wasmparser::GlobalSectionReader<'a>>,
    pub exports: Vec<wasmparser::Export<'a>>,
    pub start: Option<u32>,
    pub elements: Option<wasmparser::ElementSectionReader<'a>>,
    pub data_count: Option<u32>,
    pub bodies: Vec<wasmparser::FunctionBody<'a>>,
    pub data: Option<wasmparser::DataSectionReader<'a>>,
    pub names: Option<wasmparser::NameSectionReader<'a>>,
}

impl<'a> Outline<'a> {
    pub fn read(wasm: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(reader) => outline.types = Some(reader),
                Payload::ImportSection(reader) => outline.imports = reader.into_imports().collect::<Result<_, _>>()?,
                Payload::FunctionSection(reader) => outline.functions = Some(reader),
                Payload::TableSection(reader) => outline.tables = Some(reader),
                Payload::MemorySection(reader) => outline.memories = Some(reader),
                Payload::GlobalSection(reader) => outline.globals = Some(reader),
                Payload::ExportSection(reader) => outline.exports = reader.into_iter().collect::<Result<_, _>>()?,
                Payload::StartSection { func, .. } => outline.start = Some(func),
                Payload::ElementSection(reader) => outline.elements = Some(reader),
                Payload::DataCountSection { count, .. } => outline.data_count = Some(count),
                Payload::CodeSectionEntry(body) => outline.bodies.push(body),
                Payload::DataSection(reader) => outline.data = Some(reader),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(reader) = section.as_known() {
                        outline.names = Some(reader);
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }
}
