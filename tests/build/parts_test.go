package build_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

const threeTargets = `
one: ; @echo the first says this
two: ; @echo the second fails; exit 3
three: ; @echo the third says this
`

func TestPartsRunsEveryTargetAndReportsFailures(t *testing.T) {
	m := newModule(t)
	m.copyScript("tests/parts")
	m.write("Makefile", threeTargets)
	for _, jobs := range []string{"1", "3"} {
		said, err := m.run([]string{"JOBS=" + jobs}, "tests/parts", "one", "two", "three")
		if err == nil {
			t.Error("a failed target did not fail the run")
		}
		for _, want := range []string{"the first says this", "the second fails", "the third says this", "Failed: two\n"} {
			if strings.Count(said, want) != 1 {
				t.Errorf("with %s jobs, %q is not printed once:\n%s", jobs, want, said)
			}
		}
		for _, want := range []string{`one +\d+ s +\d+ s  passed`, `two +\d+ s +\d+ s  FAILED`, `three +\d+ s +\d+ s  passed`, `together +\d+ s`} {
			if !regexp.MustCompile(want).MatchString(said) {
				t.Errorf("with %s jobs, the times lack %s:\n%s", jobs, want, said)
			}
		}
	}
	if said, err := m.run(nil, "tests/parts", "one", "three"); err != nil {
		t.Errorf("%v\n%s", err, said)
	}
}

// Each target appends its name to a file when it ends.
const ordered = `
slow: ; @sleep 1; echo slow >>order
quick: ; @echo quick >>order
after: ; @echo after >>order
last: ; @echo last >>order
fails: ; @exit 3
`

func TestPartsBeginsATargetWhenWhatItNeedsHasPassed(t *testing.T) {
	for _, jobs := range []string{"1", "2", "4"} {
		m := newModule(t)
		m.copyScript("tests/parts")
		m.write("Makefile", ordered)
		if said, err := m.run([]string{"JOBS=" + jobs}, "tests/parts", "last:slow,after", "after:slow", "slow", "quick"); err != nil {
			t.Fatalf("%v\n%s", err, said)
		}
		order := strings.Fields(string(m.read("order")))
		at := func(target string) int { return slices.Index(order, target) }
		if len(order) != 4 || at("after") < at("slow") || at("last") < at("after") {
			t.Errorf("with %s jobs, the order is %q", jobs, order)
		}
	}
}

func TestPartsRunsNothingThatNeedsAFailedTarget(t *testing.T) {
	m := newModule(t)
	m.copyScript("tests/parts")
	m.write("Makefile", ordered)
	said, err := m.run(nil, "tests/parts", "last:fails,quick", "fails", "quick", "after:last")
	if err == nil || string(m.read("order")) != "quick\n" || !strings.Contains(said, "Failed: fails last after\n") {
		t.Errorf("%v, %q ran\n%s", err, m.read("order"), said)
	}
	for _, want := range []string{`last +- +-  NOT RUN, needs fails,quick`, `after +- +-  NOT RUN, needs last`} {
		if !regexp.MustCompile(want).MatchString(said) {
			t.Errorf("the times lack %s:\n%s", want, said)
		}
	}
}

func TestVulncheckFailsOnFindingsAndErrors(t *testing.T) {
	const unreachable = `govulncheck: fetching vulnerabilities: Get "https://vuln.go.dev/index/modules.json.gz": no such host`
	for _, test := range []struct {
		name, prints, status, database string
		passes                         bool
		says                           string
	}{
		{"nothing found", "No vulnerabilities found.", "0", "", true, "No vulnerabilities found."},
		{"the database is out of reach", unreachable, "1", "", true, "NOT CHECKED"},
		{"a copy of the database is out of reach", unreachable, "1", "file:///none", false, "fetching"},
		{"a finding", "Vulnerability #1: GO-2026-0001, see https://vuln.go.dev/ID", "3", "", false, "GO-2026-0001"},
		{"a build that fails", "undefined: x", "1", "", false, "undefined"},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newModule(t)
			m.copyScript("tests/vulncheck")
			m.write("bin/go", "#!/bin/sh\necho '"+test.prints+"' >&2\nexit "+test.status+"\n")
			said, err := m.run([]string{"PATH=" + m.folder + "/bin:/usr/bin:/bin", "GOVULNDB=" + test.database}, "tests/vulncheck", "tool@v1", "./...")
			if (err == nil) != test.passes || !strings.Contains(said, test.says) {
				t.Errorf("%v\n%s", err, said)
			}
		})
	}
}
