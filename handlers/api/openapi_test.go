package api_test

import (
	"testing"

	"gen3d/internal/job"
)

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
