package job_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"gen3d/internal/job"
)

var update = flag.Bool("update", false, "write testdata from the tables of formats and qualities")

const formatsFile = "../../testdata/formats.json"

func TestFormatsFileEqualsTheTable(t *testing.T) {
	want, err := json.MarshalIndent(job.Formats(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(formatsFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(formatsFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/formats.json is not the table of internal/job/format.go; run go test ./internal/job -update")
	}
}

func TestFormatDescriptionsAreComplete(t *testing.T) {
	files := map[string]bool{}
	for _, info := range job.Formats() {
		if info.FileName == "" || info.DownloadSuffix == "" || info.MediaType == "" || info.Title == "" || info.Content == "" || info.Use == "" {
			t.Errorf("%+v lacks something", info)
		}
		if files[info.FileName] {
			t.Errorf("two formats have the file %s", info.FileName)
		}
		files[info.FileName] = true
		for _, suffix := range job.ImageSuffixes {
			if strings.HasSuffix(info.FileName, suffix) {
				t.Errorf("the file %s would start a job", info.FileName)
			}
		}
	}
	if got := job.Made([]job.Format{job.FormatPLY}); !slices.Equal(got, []job.Format{job.FormatPLY, job.FormatPreview, job.FormatMask}) {
		t.Errorf("of an object with a PLY are made %v", got)
	}
	if _, ok := job.Format("obj").Info(); ok {
		t.Error("obj is a format")
	}
}
