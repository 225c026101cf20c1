// A Morphir extension that documents the modules that have no documentation.
//
// The exports are the protocol's initialize and capabilities, and the methods transform and echo.
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/extism/go-pdk"
)

//go:embed capabilities.json
var methods string

// The text for undocumented modules when neither the config nor the call has one.
const notDocumented = "Not documented yet."

// The text for undocumented modules when the call has none; in the instance's memory from initialize on.
var defaultText = notDocumented

//go:wasmexport initialize
func initialize() int32 {
	input := pdk.Input()
	if err := check(input); err != nil {
		return fail(fmt.Errorf("config is not JSON: %w", err))
	}
	config, err := readObject(input)
	if err != nil {
		return fail(errors.New("config must be an object"))
	}
	if defaultText, err = documentation(config, notDocumented); err != nil {
		return fail(err)
	}
	pdk.OutputString(`{"status":"ready"}`)
	return 0
}

//go:wasmexport capabilities
func capabilities() int32 {
	pdk.OutputString(methods)
	return 0
}

// Answers its params as they came.
//
//go:wasmexport echo
func echo() int32 {
	params := pdk.Input()
	if err := check(params); err != nil {
		return fail(fmt.Errorf("params are not JSON: %w", err))
	}
	pdk.Output(params)
	return 0
}

// Documents the modules of the params' ir.
//
//go:wasmexport transform
func transform() int32 {
	ir, text, err := readParams(pdk.Input())
	if err != nil {
		return fail(err)
	}
	file, err := readObject(ir)
	if err != nil {
		return fail(errors.New(`params need an "ir" that is an object`))
	}
	done, err := document(&file, text)
	if err != nil {
		return fail(fmt.Errorf("the IR has no modules: %w", err))
	}
	if done.isVersion3 {
		pdk.Log(pdk.LogInfo, fmt.Sprintf("documented %d of %d modules of %s", done.documented, done.modules, done.pkg))
	} else {
		pdk.Log(pdk.LogInfo, "passed through an IR of another format version")
	}
	if done.documented > 0 {
		ir = file.text()
	}
	pdk.Output(object{
		{"transformed", quote(done.documented > 0)},
		{"documented", quote(done.documented)},
		{"output", ir},
	}.text())
	return 0
}

func main() {}

func readParams(input []byte) (ir json.RawMessage, text string, err error) {
	if err := check(input); err != nil {
		return nil, "", fmt.Errorf("params are not JSON: %w", err)
	}
	params, _ := readObject(input) // which stays empty if they are none, and lacks an ir then
	var options object
	if given := params.get("options"); given != nil {
		if options, err = readObject(given); err != nil {
			return nil, "", errors.New("options must be an object")
		}
	}
	text, err = documentation(options, defaultText)
	return params.get("ir"), text, err
}

// The text that a config or a call's options ask for, or another if they do not.
func documentation(settings object, otherwise string) (string, error) {
	value := settings.get("documentation")
	if value == nil {
		return otherwise, nil
	}
	var text *string
	if err := json.Unmarshal(value, &text); err != nil || text == nil || *text == "" {
		return "", errors.New("documentation must be a text that is not empty")
	}
	return *text, nil
}

// What is wrong with the syntax, or with an encoding that encoding/json would let pass.
func check(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("they are not UTF-8")
	}
	if json.Valid(text) {
		return nil
	}
	var value any
	return json.Unmarshal(text, &value)
}

func fail(err error) int32 {
	pdk.SetError(err)
	return 1
}
