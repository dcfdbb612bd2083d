package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/cli"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"
	release "helm.sh/helm/v4/pkg/release/v1"
)

// Case is a chart and how it is rendered, in the format of the recorded cases.
type Case struct {
	Release     string            `json:"release"`
	Namespace   string            `json:"namespace"`
	Args        []string          `json:"args"`
	Files       map[string]string `json:"files"`
	Binary      map[string][]byte `json:"binary"`
	CwdFiles    map[string]string `json:"cwdFiles"`
	ValuesFiles []string          `json:"valuesFiles"`
}

// Result is what came of a case. Code is that of the process: 0, 1, or 2 after a panic.
type Result struct {
	Code   int    `json:"rc"`
	Stdout string `json:"stdout"`
	Notes  string `json:"notes"`
	Error  string `json:"error"`
}

// answer renders a case. A panic of Helm is a result.
func answer(asked Case) (result Result) {
	defer func() {
		if cause := recover(); cause != nil {
			result = Result{Code: 2, Error: fmt.Sprint("panic: ", cause)}
		}
	}()
	rendered, skipTests, err := render(asked)
	if err != nil {
		return Result{Code: 1, Error: err.Error()}
	}
	return Result{Stdout: printed(rendered, skipTests), Notes: rendered.Info.Notes}
}

// render does what the command does between its flags and its output.
func render(asked Case) (*release.Release, bool, error) {
	if err := lay(asked); err != nil {
		return nil, false, err
	}
	settings := cli.New()
	client := action.NewInstall(action.NewConfiguration())
	client.DryRunStrategy = action.DryRunClient
	client.Replace = true
	given, err := parseFlags(asked.Args, client)
	if err != nil {
		return nil, false, err
	}
	given.values.ValueFiles = asked.ValuesFiles
	if client.ReleaseName, _, err = client.NameAndChart([]string{asked.Release, "chart"}); err != nil {
		return nil, false, err
	}
	merged, err := given.values.MergeValues(getter.All(settings))
	if err != nil {
		return nil, false, err
	}
	loaded, err := loader.Load("chart")
	if err != nil {
		return nil, false, err
	}
	if err := check(loaded); err != nil {
		return nil, false, err
	}
	client.Namespace = asked.Namespace
	ran, err := client.Run(loaded, merged)
	if err != nil {
		return nil, false, err
	}
	rendered, ok := ran.(*release.Release)
	if !ok {
		return nil, false, fmt.Errorf("a release of type %T", ran)
	}
	return rendered, given.skipTests, nil
}

// lay writes the files of a case in place of those of the one before.
func lay(asked Case) error {
	entries, err := os.ReadDir(".")
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(entry.Name()); err != nil {
			return err
		}
	}
	for name, text := range asked.Files {
		if err := write(filepath.Join("chart", name), text); err != nil {
			return err
		}
	}
	for name, content := range asked.Binary {
		if err := write(filepath.Join("chart", name), string(content)); err != nil {
			return err
		}
	}
	for name, text := range asked.CwdFiles {
		if err := write(name, text); err != nil {
			return err
		}
	}
	return nil
}

func write(name, text string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// check refuses what the command refuses before it renders.
func check(loaded chart.Charter) error {
	accessor, err := chart.NewAccessor(loaded)
	if err != nil {
		return err
	}
	switch kind := accessor.MetadataAsMap()["Type"]; kind {
	case "", "application":
	default:
		return fmt.Errorf("%s charts are not installable", kind)
	}
	if required := accessor.MetaDependencies(); len(required) > 0 {
		if err := action.CheckDependencies(loaded, required); err != nil {
			return fmt.Errorf("an error occurred while checking for chart dependencies. You may need to run "+
				"'helm dependency build' to fetch missing dependencies: %w", err)
		}
	}
	return nil
}

// flags are those that the action does not hold.
type flags struct {
	values    values.Options
	skipTests bool
}

// parseFlags reads the flags that cases use; each is one word with its value, or two words.
func parseFlags(words []string, client *action.Install) (flags, error) {
	var given flags
	for len(words) > 0 {
		name, value, consumed := split(words)
		words = words[consumed:]
		switch name {
		case "--set":
			given.values.Values = append(given.values.Values, value)
		case "--set-string":
			given.values.StringValues = append(given.values.StringValues, value)
		case "--set-json":
			given.values.JSONValues = append(given.values.JSONValues, value)
		case "--set-literal":
			given.values.LiteralValues = append(given.values.LiteralValues, value)
		case "--set-file":
			given.values.FileValues = append(given.values.FileValues, value)
		case "--kube-version":
			version, err := common.ParseKubeVersion(value)
			if err != nil {
				return given, fmt.Errorf("invalid kube version '%s': %w", value, err)
			}
			client.KubeVersion = version
		case "--api-versions":
			client.APIVersions = append(client.APIVersions, commas(value)...)
		case "--is-upgrade":
			client.IsUpgrade = true
		case "--include-crds":
			client.IncludeCRDs = true
		case "--skip-tests":
			given.skipTests = true
		case "--skip-crds":
			client.SkipCRDs = true
		case "--render-subchart-notes":
			client.SubNotes = true
		case "--skip-schema-validation":
			client.SkipSchemaValidation = true
		default:
			return given, errors.New("the oracle does not know the flag " + name)
		}
	}
	return given, nil
}
