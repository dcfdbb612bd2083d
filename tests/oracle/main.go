// Command oracle renders charts with Helm's own packages: one case a line in, one result a line out.
//
// With the argument yaml it reads YAML texts instead: see readYAML.
//
// It takes the same path as `helm template` and `helm install --dry-run=client`, without the start of a process for
// each case.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

func main() {
	log.SetOutput(io.Discard)
	slog.SetDefault(slog.New(slog.DiscardHandler))
	answerAll := serve
	if len(os.Args) > 1 && os.Args[1] == "yaml" {
		answerAll = readYAML
	}
	go watch()
	if err := answerAll(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

// serve answers every line until the input ends.
func serve(in io.Reader, out io.Writer) error {
	folder, err := os.MkdirTemp(scratch(), "pilothouse-oracle-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	// Paths in messages are relative, as a user sees them.
	if err := os.Chdir(folder); err != nil {
		return err
	}
	lines := bufio.NewReaderSize(in, 1<<20)
	replies := bufio.NewWriter(out)
	for {
		line, err := lines.ReadBytes('\n')
		if len(line) == 0 && err == io.EOF {
			return replies.Flush()
		}
		if err != nil && err != io.EOF {
			return err
		}
		var asked Case
		if err := json.Unmarshal(line, &asked); err != nil {
			return fmt.Errorf("a case is malformed: %w", err)
		}
		started.Store(time.Now().UnixNano())
		reply, err := json.Marshal(answer(asked))
		started.Store(0)
		if err != nil {
			return err
		}
		replies.Write(append(reply, '\n'))
		// Whoever waits for one answer gets it; whoever sends many at once costs no more writes than needed.
		if lines.Buffered() == 0 {
			if err := replies.Flush(); err != nil {
				return err
			}
		}
	}
}

// mostMemory is what the process may take, in bytes.
const mostMemory = 1 << 30

// slowest is how long a case may take.
const slowest = 10 * time.Second

// started is when the case at work was begun, in nanoseconds since the epoch; 0 between cases.
var started atomic.Int64

// watch ends the process when a case runs away; whoever asked takes that for a failure.
func watch() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	for range time.Tick(20 * time.Millisecond) {
		metrics.Read(sample)
		began := started.Load()
		if sample[0].Value.Uint64() > mostMemory || began != 0 && time.Now().UnixNano()-began > int64(slowest) {
			os.Exit(3)
		}
	}
}

// scratch is a folder in memory where there is one.
func scratch() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return os.TempDir()
}
