package main

import (
	"fmt"
	"slices"
	"strings"

	release "helm.sh/helm/v4/pkg/release/v1"
)

// switches take no value.
var switches = []string{
	"--is-upgrade", "--include-crds", "--skip-tests", "--skip-crds", "--render-subchart-notes",
	"--skip-schema-validation",
}

// split takes a flag and its value off the words, with the number of words.
func split(words []string) (name, value string, consumed int) {
	if slices.Contains(switches, words[0]) || len(words) == 1 {
		return words[0], "", 1
	}
	if name, value, found := strings.Cut(words[0], "="); found && strings.HasPrefix(name, "--") {
		return name, value, 1
	}
	return words[0], words[1], 2
}

func commas(value string) []string {
	return strings.Split(value, ",")
}

// printed is a release as `helm template` prints it.
func printed(rendered *release.Release, skipTests bool) string {
	var text strings.Builder
	fmt.Fprintln(&text, strings.TrimSpace(rendered.Manifest))
	for _, hook := range rendered.Hooks {
		if skipTests && slices.Contains(hook.Events, release.HookTest) {
			continue
		}
		fmt.Fprintf(&text, "---\n# Source: %s\n%s\n", hook.Path, hook.Manifest)
	}
	return text.String()
}
