//! The module `extism_ffi`: what `extism.py` needs from the host.

pub(crate) use extism_ffi::module_def;

use rustpython_vm::pymodule;

#[pymodule]
mod extism_ffi {
    use extism_pdk::{LogLevel, config, var};
    use rustpython_vm::builtins::{PyBytesRef, PyUtf8StrRef};
    use rustpython_vm::function::ArgBytesLike;
    use rustpython_vm::{PyObjectRef, PyResult, VirtualMachine};

    use crate::json;

    #[pyfunction]
    fn input_bytes() -> Vec<u8> {
        extism_pdk::input_bytes()
    }

    #[pyfunction]
    fn input_str(vm: &VirtualMachine) -> PyResult<String> {
        String::from_utf8(extism_pdk::input_bytes())
            .map_err(|error| vm.new_value_error(format!("the input is not UTF-8: {error}")))
    }

    #[pyfunction]
    fn output_bytes(bytes: ArgBytesLike, vm: &VirtualMachine) -> PyResult<()> {
        bytes.with_ref(|bytes| extism_pdk::output(bytes)).map_err(|error| vm.new_runtime_error(error.to_string()))
    }

    #[pyfunction]
    fn output_str(text: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        extism_pdk::output(text.as_str()).map_err(|error| vm.new_runtime_error(error.to_string()))
    }

    #[pyfunction]
    fn log(level: i32, message: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<()> {
        let levels = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error];
        let Some(level) = levels.into_iter().find(|known| known.to_int() == level) else {
            return Err(vm.new_value_error(format!("there is no log level {level}: take one of extism.LogLevel")));
        };
        extism_pdk::log!(level, "{}", message.as_str());
        Ok(())
    }

    #[pyfunction]
    fn config_get(key: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Option<String>> {
        config::get(key.as_str()).map_err(|error| vm.new_runtime_error(error.to_string()))
    }

    #[pyfunction]
    fn var_get(key: PyUtf8StrRef, vm: &VirtualMachine) -> PyResult<Option<PyBytesRef>> {
        let value: Option<Vec<u8>> = var::get(key.as_str()).map_err(|error| vm.new_runtime_error(error.to_string()))?;
        Ok(value.map(|value| vm.ctx.new_bytes(value)))
    }

    #[pyfunction]
    fn var_set(key: PyUtf8StrRef, value: ArgBytesLike, vm: &VirtualMachine) -> PyResult<()> {
        value.with_ref(|value| var::set(key.as_str(), value)).map_err(|error| vm.new_runtime_error(error.to_string()))
    }

    #[pyfunction]
    fn json_loads(text: PyUtf8StrRef, number: PyObjectRef, vm: &VirtualMachine) -> PyResult {
        json::read(text.as_str(), &number, vm)
    }

    #[pyfunction]
    fn json_dumps(value: PyObjectRef, number: PyObjectRef, vm: &VirtualMachine) -> PyResult<String> {
        json::write(value, &number, vm)
    }
}
