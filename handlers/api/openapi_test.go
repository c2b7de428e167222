package api_test

import (
	"slices"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

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
