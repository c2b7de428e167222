package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"gen3d/handlers/api"
	"gen3d/handlers/api/route"
	"gen3d/internal/job"
)

func TestTheDescriptionHasTheQualitiesOfJobs(t *testing.T) {
	doc, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	schemas := doc.Components.Schemas
	var described []string
	for _, name := range schemas["Quality"].Value.Enum {
		described = append(described, name.(string))
	}
	var want []string
	for _, info := range job.Qualities() {
		want = append(want, string(info.Quality))
	}
	if !slices.Equal(described, want) {
		t.Errorf("openapi.yaml has the qualities %v; internal/job has %v", described, want)
	}
	asked := schemas["SubmittedOptions"].Value.Properties["faces"].Value.AnyOf[1].Value
	shown := schemas["Options"].Value.Properties["faces"].Value
	for _, faces := range []*openapi3.Schema{asked, shown} {
		if faces.Min == nil || *faces.Min != job.MinFaces || faces.Max == nil || *faces.Max != job.MaxFaces {
			t.Errorf("openapi.yaml has the faces %v to %v", faces.Min, faces.Max)
		}
	}
}

func TestTheDescriptionHasTheFormatsOfJobs(t *testing.T) {
	doc, err := parsed()
	if err != nil {
		t.Fatal(err)
	}
	var described []job.Format
	for _, name := range doc.Components.Schemas["Format"].Value.Enum {
		described = append(described, job.Format(name.(string)))
	}
	if got, want := job.EncodeFormats(described), job.EncodeFormats(job.AllFormats); got != want {
		t.Errorf("openapi.yaml has the formats %s; internal/job has %s", got, want)
	}
}

func TestDescriptionIsPublicValidAndNamesEveryRoute(t *testing.T) {
	w := newWorld(t)
	a := w.send("", "GET", "/api/openapi.yaml", "", nil)
	if a.StatusCode != http.StatusOK || string(a.body) != api.Description || a.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("it answers %d as %s", a.StatusCode, a.Header.Get("Content-Type"))
	}
	if err := w.doc.Validate(t.Context()); err != nil {
		t.Error(err)
	}
	var described []string
	for path, item := range w.doc.Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	var routed []string
	for _, r := range route.Operations {
		routed = append(routed, r.Key())
	}
	slices.Sort(described)
	slices.Sort(routed)
	if !slices.Equal(described, routed) {
		t.Errorf("described are %v\nrouted are %v", described, routed)
	}
	if served := api.New(config(), api.Services{}).Routes(); !slices.Equal(served, route.Operations) {
		t.Errorf("served are %v\nrouted are %v", served, route.Operations)
	}
}

func TestDescriptionHasTheDefaultLimits(t *testing.T) {
	l := job.DefaultLimits()
	want := fmt.Sprintf("%d bytes, %d pixels, %d pixels a side, %d objects, %d pixels a side of a box and %d unfinished jobs.",
		l.MaxBytes, l.MaxPixels, l.MinSide, l.MaxObjects, l.MinBox, l.MaxUnfinished)
	if words := strings.Join(strings.Fields(description(t).Info.Description), " "); !strings.Contains(words, want) {
		t.Errorf("it does not say %q:\n%s", want, words)
	}
}
