package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What became of an IR.
type outcome struct {
	isVersion3 bool
	// The package's name, as people write it.
	pkg string
	// How many modules it has, and how many of them got the text.
	modules, documented int
}

// Gives a text to every module of an IR of format version 3 that has no documentation. An IR of another version stays
// as it is.
func document(file *object, text string) (outcome, error) {
	var version float64
	if err := json.Unmarshal(file.get("formatVersion"), &version); err != nil || version != 3 {
		return outcome{}, nil
	}
	distribution, err := readList(file.get("distribution"))
	if err != nil {
		return outcome{}, fmt.Errorf("distribution: %w", err)
	}
	if len(distribution) != 4 || string(distribution[0]) != `"Library"` {
		return outcome{}, errors.New("the distribution is not a Library with its path, dependencies and package")
	}
	pkg, err := readPath(distribution[1])
	if err != nil {
		return outcome{}, fmt.Errorf("the package's path: %w", err)
	}
	definition, err := readObject(distribution[3])
	if err != nil {
		return outcome{}, fmt.Errorf("the package: %w", err)
	}
	modules, err := readList(definition.get("modules"))
	if err != nil {
		return outcome{}, fmt.Errorf("modules: %w", err)
	}

	documented := 0
	for at, module := range modules {
		changed, err := documentModule(module, text)
		if err != nil {
			return outcome{}, fmt.Errorf("module %d: %w", at, err)
		}
		if changed != nil {
			modules[at] = changed
			documented++
		}
	}
	definition.set("modules", list(modules))
	distribution[3] = definition.text()
	file.set("distribution", list(distribution))
	return outcome{isVersion3: true, pkg: pkg, modules: len(modules), documented: documented}, nil
}

// Answers the module with the text, or nothing if it is documented.
func documentModule(module json.RawMessage, text string) (json.RawMessage, error) {
	entry, err := readList(module)
	if err != nil {
		return nil, err
	}
	if len(entry) != 2 {
		return nil, errors.New("not a pair of a path and a definition")
	}
	accessControlled, err := readObject(entry[1])
	if err != nil {
		return nil, err
	}
	definition, err := readObject(accessControlled.get("value"))
	if err != nil {
		return nil, fmt.Errorf("value: %w", err)
	}
	var doc string // which null leaves empty
	if given := definition.get("doc"); given != nil {
		if err := json.Unmarshal(given, &doc); err != nil {
			return nil, fmt.Errorf("doc: %w", err)
		}
	}
	if doc != "" {
		return nil, nil
	}
	definition.set("doc", quote(text))
	accessControlled.set("value", definition.text())
	entry[1] = accessControlled.text()
	return list(entry), nil
}

// A path is a list of names, each a list of its words: [["tidewater"],["chartering"]] is Tidewater.Chartering.
func readPath(value json.RawMessage) (string, error) {
	var path [][]string
	if err := json.Unmarshal(value, &path); err != nil {
		return "", err
	}
	names := make([]string, len(path))
	for at, words := range path {
		for _, word := range words {
			first, length := utf8.DecodeRuneInString(word)
			if length > 0 {
				names[at] += string(unicode.ToUpper(first)) + word[length:]
			}
		}
	}
	return strings.Join(names, "."), nil
}
