//! The numbers that the rewriting of one module turns on.

use wasm_encoder::Function;

use super::added::{Added, OfCalls, Signature};
use super::call::{self, Wanted};
use super::injected::{self, Calls};
use super::{Asked, Taken, relay};

pub(super) struct Plan {
    /// Imported functions, before ours are added behind them.
    pub imported: u32,
    /// The imports that injected functions take the place of. A module may import a function more than once.
    pub replaced: Vec<Replaced>,
    /// Whether it opens files, which takes one more import.
    pub opens_files: bool,
    /// The functions that it wants from the host, whose calls take some more.
    pub functions: Vec<Wanted>,
    /// The most bytes that may be set as output.
    pub max_output: u64,
    /// Functions of the module's own.
    pub defined: u32,
    /// Types, before ours are added behind them.
    pub types: u32,
    /// The most pages its memory may have, if it has one.
    pub max_pages: Option<u64>,
    /// The most elements of each table.
    pub tables: Vec<u64>,
    /// Globals of the module's own, before ours are added behind them.
    pub globals: u32,
}

/// The type of an injected function.
#[derive(Clone, Copy)]
pub(super) enum InjectedType {
    Added(Signature),
    /// One of the module's own.
    Own(u32),
}

impl From<Signature> for InjectedType {
    fn from(signature: Signature) -> Self {
        Self::Added(signature)
    }
}

/// An import that an injected function takes the place of.
pub(super) struct Replaced {
    /// The import's number.
    pub import: u32,
    /// What takes its place.
    pub by: Replacement,
}

#[derive(Clone, Copy)]
pub(super) enum Replacement {
    /// A function that the host offers: its number among them, and the type that the module gives it.
    Call {
        number: u32,
        ty: u32,
    },
    Headers,
    Poll,
    Write,
    Open,
    Random,
    SetOutput,
    OutputOffset,
    OutputLength,
    SetError,
    Log(Taken, Asked),
    Get(Asked),
    SetVariable,
    Alloc,
    Exit,
}

impl Plan {
    /// Whether it calls functions of the host's.
    pub const fn calls_functions(&self) -> bool {
        !self.functions.is_empty()
    }

    /// The injected functions that others call: `send`, `receive`, `finish`, `grow`, `go_on`, and `argument` where there are calls, in
    /// this order.
    const fn shared(&self) -> u32 {
        5 + self.calls_functions() as u32
    }

    pub const fn calls(&self) -> Calls {
        let first = self.first_injected();
        let stat = self.imported + Added::COUNT;
        Calls {
            added: self.imported,
            stat,
            send: first,
            receive: first + 1,
            finish: first + 2,
            go_on: first + 4,
            argument: first + 5,
            calling: stat + self.opens_files as u32,
            output: self.globals,
        }
    }

    /// The imports that are added.
    const fn added(&self) -> u32 {
        let of_calls = if self.calls_functions() { OfCalls::COUNT } else { 0 };
        Added::COUNT + self.opens_files as u32 + of_calls
    }

    /// The first injected function. Those that others call come first, then replacements, so that their places are known while the
    /// module's own bodies are copied.
    pub const fn first_injected(&self) -> u32 {
        self.imported + self.added() + self.defined
    }

    /// Where a function of the module's is in the prepared module.
    pub fn function(&self, function: u32) -> u32 {
        if function >= self.imported {
            return function + self.added();
        }
        // In the order of the imports, of which a hostile module has many.
        match self.replaced.binary_search_by_key(&function, |replaced| replaced.import) {
            Ok(place) => {
                self.first_injected() + self.shared() + u32::try_from(place).expect("validation limits imports")
            }
            Err(_) => function,
        }
    }

    /// Whether this import is a function that the host offers.
    pub fn is_call(&self, import: u32) -> bool {
        self.replaced
            .binary_search_by_key(&import, |replaced| replaced.import)
            .is_ok_and(|place| matches!(self.replaced[place].by, Replacement::Call { .. }))
    }

    /// Where `grow` is.
    pub const fn grow(&self) -> u32 {
        self.first_injected() + 3
    }

    /// The injected functions whose places are known beforehand.
    pub fn injected(&self) -> impl Iterator<Item = (InjectedType, Function)> {
        let calls = self.calls();
        let grow = match self.max_pages {
            Some(cap) => injected::grow(&calls, cap),
            None => injected::no_growth(),
        };
        let shared = [
            (Signature::TakesPlace, relay::send(&calls)),
            (Signature::ReadsWord, relay::receive(&calls)),
            (Signature::TakesCode, injected::finish(&calls, self.max_pages.is_some())),
            (Signature::GrowsMemory, grow),
            (Signature::Answers, relay::go_on(&calls)),
        ];
        let argument = self.calls_functions().then(|| (Signature::TakesBytes, call::argument(&calls)));
        let shared = shared.into_iter().chain(argument).map(|(signature, body)| (signature.into(), body));
        shared.chain(self.replaced.iter().map(|replaced| self.replacement(replaced)))
    }

    fn replacement(&self, replaced: &Replaced) -> (InjectedType, Function) {
        let calls = self.calls();
        let (signature, body) = match replaced.by {
            Replacement::Call { number, ty } => {
                let body = call::call(&calls, number.cast_signed(), &self.functions[number as usize]);
                return (InjectedType::Own(ty), body);
            }
            Replacement::Headers => (Signature::Counts, call::headers(&calls)),
            Replacement::Poll => (Signature::Wasi, injected::poll_without_waiting()),
            Replacement::Write => (Signature::Wasi, injected::write_with_log(&calls, replaced.import)),
            Replacement::Open => (Signature::WasiOpens, injected::open_without_waiting(&calls, replaced.import)),
            Replacement::Random => (Signature::WasiFills, injected::random_in_pieces(replaced.import)),
            Replacement::SetOutput => (Signature::TakesTwoPlaces, injected::set_output(&calls, self.max_output)),
            Replacement::OutputOffset => (Signature::Counts, injected::get_global(calls.output)),
            Replacement::OutputLength => (Signature::Counts, injected::get_global(calls.output + 1)),
            Replacement::SetError => (Signature::TakesPlace, relay::set_error(&calls)),
            Replacement::Log(level, wanted) => (Signature::TakesPlace, relay::log(&calls, level, wanted)),
            Replacement::Get(value) => (Signature::ReadsWord, relay::get(&calls, value)),
            Replacement::Alloc => (Signature::ReadsWord, injected::alloc(&calls, replaced.import)),
            Replacement::Exit => (Signature::TakesCode, injected::exit(&calls, replaced.import)),
            Replacement::SetVariable => (Signature::TakesTwoPlaces, relay::set_variable(&calls)),
        };
        (signature.into(), body)
    }
}
