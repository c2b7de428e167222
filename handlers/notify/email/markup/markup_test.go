package markup_test

import (
	"html"
	"strings"
	"testing"

	"gen3d/handlers/notify/email/markup"
)

func TestTextCannotBecomeMarkup(t *testing.T) {
	for _, text := range []string{
		"plain", `<script>alert(1)</script>`, `"><img src=x onerror="x">`, "' onclick='x", "&lt;b&gt;", "a & b", "</title>", "<!--", "Ünï<cødé>",
	} {
		got := new(markup.Writer).Markup(`<p title="`).Text(text).Markup(`">`).Text(text).Markup(`</p>`).String()
		inside, _ := strings.CutPrefix(got, `<p title="`)
		inside, _ = strings.CutSuffix(inside, `</p>`)
		attribute, content, _ := strings.Cut(inside, `">`)
		for _, part := range []string{attribute, content} {
			if strings.ContainsAny(part, `<>"'`) || html.UnescapeString(part) != text {
				t.Errorf("%q is written as %q", text, part)
			}
		}
	}
}

func TestLinkAllowsOnlyHTTP(t *testing.T) {
	for address, want := range map[string]string{
		"https://gen3d.example.org/jobs/1?a=1&b=2": "https://gen3d.example.org/jobs/1?a=1&amp;b=2",
		"http://127.0.0.1:8080/jobs/1":             "http://127.0.0.1:8080/jobs/1",
		`https://example.org/"onclick="x`:          "https://example.org/&#34;onclick=&#34;x",
		"javascript:alert(1)":                      "#",
		"JAVASCRIPT:alert(1)":                      "#",
		" javascript:alert(1)":                     "#",
		"java\nscript:alert(1)":                    "#",
		"data:text/html,<script>":                  "#",
		"/jobs/1":                                  "#",
		"":                                         "#",
	} {
		if got := new(markup.Writer).Link(address).String(); got != want {
			t.Errorf("%q is written as %q, want %q", address, got, want)
		}
	}
}
