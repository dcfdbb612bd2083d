package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/yaml"
)

// Reading is what sigs.k8s.io/yaml makes of a text. Go's maps have no order: what is Random is another thing the next time.
type Reading struct {
	JSON   string `json:"json"`
	Error  string `json:"error"`
	Strict string `json:"strict"`
	Random bool   `json:"random"`
}

// readYAML answers every line, a text in base64, until the input ends.
func readYAML(in io.Reader, out io.Writer) error {
	lines := bufio.NewReaderSize(in, 1<<20)
	replies := bufio.NewWriter(out)
	for {
		line, err := lines.ReadString('\n')
		if line == "" && err == io.EOF {
			return replies.Flush()
		}
		if err != nil && err != io.EOF {
			return err
		}
		text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
		if err != nil {
			return fmt.Errorf("a text is malformed: %w", err)
		}
		reply, err := json.Marshal(reading(text))
		if err != nil {
			return err
		}
		replies.Write(append(reply, '\n'))
		if lines.Buffered() == 0 {
			if err := replies.Flush(); err != nil {
				return err
			}
		}
	}
}

// repeats is how often a text is read again to see whether it is read as the same thing.
const repeats = 8

// reading reads a text, loosely and strictly.
func reading(text []byte) Reading {
	first := readOnce(text)
	for range repeats {
		if first != readOnce(text) {
			first.Random = true
			break
		}
	}
	return first
}

func readOnce(text []byte) Reading {
	converted, failure := convert(text, yaml.YAMLToJSON)
	_, strict := convert(text, yaml.YAMLToJSONStrict)
	return Reading{JSON: converted, Error: failure, Strict: strict}
}

// convert returns the JSON or the error. A panic is an error.
func convert(text []byte, with func([]byte) ([]byte, error)) (converted, failure string) {
	defer func() {
		if cause := recover(); cause != nil {
			failure = fmt.Sprint("panic: ", cause)
		}
	}()
	output, err := with(text)
	if err != nil {
		return "", err.Error()
	}
	return string(output), ""
}
