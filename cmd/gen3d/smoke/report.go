package smoke

import (
	"encoding/xml"
	"fmt"
	"io"
)

// String returns a step as a line.
func (s Step) String() string {
	return fmt.Sprintf("%-7s  %-18s  %7.2f s  %s", s.Status, s.Name, s.Seconds, s.Message)
}

// String returns the count of the steps.
func (report Report) String() string {
	return fmt.Sprintf("%s: %d ok, %d failed, %d skipped in %.1f s", report.Target, report.Passed, report.Failed, report.Skipped, report.Seconds)
}

// suite is a report in JUnit's form, which CI services read.
// https://github.com/testmoapp/junitxml
type suite struct {
	XMLName  xml.Name   `xml:"testsuite"`
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     string     `xml:"time,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Time    string   `xml:"time,attr"`
	Failure *outcome `xml:"failure,omitempty"`
	Skipped *outcome `xml:"skipped,omitempty"`
	Output  string   `xml:"system-out,omitempty"`
}

type outcome struct {
	Message string `xml:"message,attr"`
}

// WriteJUnit writes the report as a JUnit test suite.
func (report Report) WriteJUnit(w io.Writer) error {
	out := suite{
		Name: "gen3d smoke: " + report.Target, Tests: len(report.Steps), Failures: report.Failed, Skipped: report.Skipped,
		Time: fmt.Sprintf("%.3f", report.Seconds),
	}
	for _, s := range report.Steps {
		c := testCase{Class: "gen3d.smoke", Name: s.Name, Time: fmt.Sprintf("%.3f", s.Seconds)}
		switch s.Status {
		case Failed:
			c.Failure = &outcome{s.Message}
		case Skipped:
			c.Skipped = &outcome{s.Message}
		default:
			c.Output = s.Message
		}
		out.Cases = append(out.Cases, c)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing the report for JUnit: %w", err)
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("writing the report for JUnit: %w", err)
	}
	return nil
}
