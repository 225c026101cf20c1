package main

import (
	"bytes"
	"encoding/json"
	"errors"
)

// An object with its members in their order and their values unread: encoding/json would sort the keys of a map.
type object []member

type member struct {
	key   string
	value json.RawMessage
}

// Reads an object from text that is valid JSON.
func readObject(text json.RawMessage) (object, error) {
	parts, err := split(text, '{')
	if err != nil {
		return nil, errors.New("not an object")
	}
	read := make(object, 0, len(parts)/2)
	for at := 0; at < len(parts); at += 2 {
		var key string
		if err := json.Unmarshal(parts[at], &key); err != nil {
			return nil, err
		}
		read.set(key, parts[at+1])
	}
	return read, nil
}

// Reads a list from text that is valid JSON.
func readList(text json.RawMessage) ([]json.RawMessage, error) {
	parts, err := split(text, '[')
	if err != nil {
		return nil, errors.New("not a list")
	}
	return parts, nil
}

// What stands between the commas and colons of a list or an object. encoding/json can do it too, but looks at every
// byte so often on the way down to a module that it takes eight times as long.
func split(text json.RawMessage, opening byte) ([]json.RawMessage, error) {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || text[0] != opening {
		return nil, errors.New("something else")
	}
	var parts []json.RawMessage
	depth, start := 0, 1
	for at := 0; at < len(text); at++ {
		switch text[at] {
		case '"':
			for at++; text[at] != '"'; at++ {
				if text[at] == '\\' {
					at++
				}
			}
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		}
		if depth == 0 || depth == 1 && (text[at] == ',' || text[at] == ':') {
			part := bytes.TrimSpace(text[start:at])
			if len(part) > 0 {
				parts = append(parts, part)
			}
			start = at + 1
		}
	}
	return parts, nil
}

// The value of a key, or nil.
func (o object) get(key string) json.RawMessage {
	for _, member := range o {
		if member.key == key {
			return member.value
		}
	}
	return nil
}

func (o *object) set(key string, value json.RawMessage) {
	for at := range *o {
		if (*o)[at].key == key {
			(*o)[at].value = value
			return
		}
	}
	*o = append(*o, member{key, value})
}

func (o object) text() json.RawMessage {
	var text bytes.Buffer
	text.WriteByte('{')
	for at, member := range o {
		if at > 0 {
			text.WriteByte(',')
		}
		text.Write(quote(member.key))
		text.WriteByte(':')
		text.Write(member.value)
	}
	text.WriteByte('}')
	return text.Bytes()
}

func list(values []json.RawMessage) json.RawMessage {
	var text bytes.Buffer
	text.WriteByte('[')
	for at, value := range values {
		if at > 0 {
			text.WriteByte(',')
		}
		text.Write(value)
	}
	text.WriteByte(']')
	return text.Bytes()
}

// A string, number or boolean as JSON.
func quote(value any) json.RawMessage {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err) // no such value fails
	}
	return bytes.TrimSuffix(text.Bytes(), []byte("\n"))
}
