//! JSON to Python's objects and back. Neither way recurses, so that data may nest as deep as it likes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use json_event_parser::{JsonEvent, SliceJsonParser, WriterJsonSerializer};
use malachite_bigint::BigInt;
use rustpython_vm::builtins::{PyDict, PyDictRef, PyFloat, PyInt, PyList, PyStr, PyStrRef, PyTuple, PyUtf8Str};
use rustpython_vm::{AsObject, PyObject, PyObjectRef, PyResult, VirtualMachine};

/// A container that is being read.
enum Open {
    List(Vec<PyObjectRef>),
    Dict(PyDictRef, Option<PyStrRef>),
}

/// Reads JSON. `number` makes what has a fraction or an exponent from its digits.
pub fn read(text: &str, number: &PyObject, vm: &VirtualMachine) -> PyResult {
    let mut parser = SliceJsonParser::new(text.as_bytes());
    let mut open = Vec::new();
    // Keys and tags come again and again.
    let mut texts = HashMap::new();
    let mut result = None;
    loop {
        let event = parser.parse_next().map_err(|error| vm.new_value_error(error.to_string()))?;
        let value = match event {
            JsonEvent::Null => vm.ctx.none(),
            JsonEvent::Boolean(value) => vm.ctx.new_bool(value).into(),
            JsonEvent::Number(digits) => read_number(&digits, number, vm)?,
            JsonEvent::String(text) => shared(text, &mut texts, vm).into(),
            JsonEvent::ObjectKey(key) => {
                if let Some(Open::Dict(_, wanted)) = open.last_mut() {
                    *wanted = Some(shared(key, &mut texts, vm));
                }
                continue;
            }
            JsonEvent::StartArray => {
                open.push(Open::List(Vec::new()));
                continue;
            }
            JsonEvent::StartObject => {
                open.push(Open::Dict(vm.ctx.new_dict(), None));
                continue;
            }
            JsonEvent::EndArray | JsonEvent::EndObject => match open.pop() {
                Some(Open::List(values)) => vm.ctx.new_list(values).into(),
                Some(Open::Dict(dict, _)) => dict.into(),
                None => unreachable!("the parser closes what it opened"),
            },
            JsonEvent::Eof => return Ok(result.expect("the parser refuses an empty text")),
        };
        match open.last_mut() {
            None => result = Some(value),
            Some(Open::List(values)) => values.push(value),
            Some(Open::Dict(dict, key)) => {
                let key = key.take().expect("the parser answers the key first");
                dict.set_item(&*key, value, vm)?;
            }
        }
    }
}

fn read_number(digits: &str, number: &PyObject, vm: &VirtualMachine) -> PyResult {
    // Python has no negative zero but a float.
    if digits == "-0" || digits.contains(['.', 'e', 'E']) {
        return number.call((digits,), vm);
    }
    let integer = BigInt::from_str(digits).map_err(|error| vm.new_value_error(error.to_string()))?;
    Ok(vm.ctx.new_bigint(&integer).into())
}

/// One Python object for all short texts that are the same.
fn shared<'json>(
    text: Cow<'json, str>,
    known: &mut HashMap<Cow<'json, str>, PyStrRef>,
    vm: &VirtualMachine,
) -> PyStrRef {
    if text.len() > 32 {
        return vm.ctx.new_str(text.into_owned());
    }
    if let Some(known) = known.get(&text) {
        return known.clone();
    }
    let new = vm.ctx.new_str(text.as_ref());
    known.insert(text, new.clone());
    new
}

/// A container that is being written: what it still holds.
struct Rest {
    container: PyObjectRef,
    values: Values,
}

enum Values {
    OfList(std::vec::IntoIter<PyObjectRef>),
    OfDict(std::vec::IntoIter<(PyObjectRef, PyObjectRef)>),
}

/// Writes JSON. What `number` made is written with the digits it was made from.
pub fn write(value: PyObjectRef, number: &PyObject, vm: &VirtualMachine) -> PyResult<String> {
    let mut writer = Writer { json: WriterJsonSerializer::new(Vec::new()), open: Vec::new(), ids: HashSet::new() };
    writer.value(value, number, vm)?;
    while let Some(rest) = writer.open.last_mut() {
        let next = match &mut rest.values {
            Values::OfList(values) => values.next(),
            Values::OfDict(members) => match members.next() {
                Some((key, value)) => {
                    writer.json.serialize_event(JsonEvent::ObjectKey(key_text(&key, vm)?.into())).expect(FITS);
                    Some(value)
                }
                None => None,
            },
        };
        match next {
            Some(value) => writer.value(value, number, vm)?,
            None => writer.close(),
        }
    }
    let json = writer.json.finish().expect(FITS);
    Ok(String::from_utf8(json).expect("it was made of text"))
}

/// What is written is written to memory and in the right order.
const FITS: &str = "events come in their order";

struct Writer {
    json: WriterJsonSerializer<Vec<u8>>,
    open: Vec<Rest>,
    /// Which containers are open, to notice one that holds itself.
    ids: HashSet<usize>,
}

impl Writer {
    /// Writes a value that holds no others, or opens one that does.
    fn value(&mut self, value: PyObjectRef, number: &PyObject, vm: &VirtualMachine) -> PyResult<()> {
        let event = if vm.is_none(&value) {
            JsonEvent::Null
        } else if let Some(text) = value.downcast_ref::<PyStr>() {
            JsonEvent::String(utf8(text, vm)?.into())
        } else if value.is(&vm.ctx.true_value) || value.is(&vm.ctx.false_value) {
            JsonEvent::Boolean(value.is(&vm.ctx.true_value))
        } else if let Some(integer) = value.downcast_ref::<PyInt>() {
            JsonEvent::Number(integer.as_bigint().to_string().into())
        } else if value.class().is(number) {
            let text = value.get_attr("text", vm)?.downcast::<PyUtf8Str>();
            JsonEvent::Number(text.expect("a number keeps its digits").as_str().to_owned().into())
        } else if let Some(float) = value.downcast_ref::<PyFloat>() {
            let float = float.to_f64();
            if !float.is_finite() {
                return Err(vm.new_value_error("Out of range float values are not JSON compliant"));
            }
            JsonEvent::Number(value.repr(vm)?.to_string().into())
        } else if let Some(list) = value.downcast_ref::<PyList>() {
            let values = list.borrow_vec().to_vec();
            return self.open(value, Values::OfList(values.into_iter()), JsonEvent::StartArray, vm);
        } else if let Some(tuple) = value.downcast_ref::<PyTuple>() {
            let values = tuple.as_slice().to_vec();
            return self.open(value, Values::OfList(values.into_iter()), JsonEvent::StartArray, vm);
        } else if let Ok(dict) = value.clone().downcast::<PyDict>() {
            let members: Vec<_> = dict.into_iter().collect();
            return self.open(value, Values::OfDict(members.into_iter()), JsonEvent::StartObject, vm);
        } else {
            return Err(vm.new_type_error(format!("Object of type {} is not JSON serializable", value.class().name())));
        };
        self.json.serialize_event(event).expect(FITS);
        Ok(())
    }

    fn open(
        &mut self,
        container: PyObjectRef,
        values: Values,
        start: JsonEvent<'_>,
        vm: &VirtualMachine,
    ) -> PyResult<()> {
        if !self.ids.insert(container.get_id()) {
            return Err(vm.new_value_error("Circular reference detected"));
        }
        self.json.serialize_event(start).expect(FITS);
        self.open.push(Rest { container, values });
        Ok(())
    }

    fn close(&mut self) {
        let Some(Rest { container, values }) = self.open.pop() else { return };
        self.ids.remove(&container.get_id());
        let end = match values {
            Values::OfList(_) => JsonEvent::EndArray,
            Values::OfDict(_) => JsonEvent::EndObject,
        };
        self.json.serialize_event(end).expect(FITS);
    }
}

fn key_text<'key>(key: &'key PyObject, vm: &VirtualMachine) -> PyResult<&'key str> {
    match key.downcast_ref::<PyStr>() {
        Some(text) => utf8(text, vm),
        None => Err(vm.new_type_error(format!("keys must be str, not {}", key.class().name()))),
    }
}

fn utf8<'text>(text: &'text PyStr, vm: &VirtualMachine) -> PyResult<&'text str> {
    text.to_str().ok_or_else(|| vm.new_value_error("a text holds half a surrogate pair, which UTF-8 has no bytes for"))
}
