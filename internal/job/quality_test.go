package job_test

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"testing"

	"gen3d/internal/job"
)

const qualitiesFile = "../../testdata/qualities.json"

func TestQualitiesFileEqualsTheTable(t *testing.T) {
	want, err := json.MarshalIndent(job.Qualities(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	want = append(want, '\n')
	if *update {
		if err := os.WriteFile(qualitiesFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(qualitiesFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("testdata/qualities.json is not the table of internal/job/quality.go; run go test ./internal/job -update")
	}
}

func TestQualitiesAscend(t *testing.T) {
	var names []job.Quality
	faces := 0
	for _, info := range job.Qualities() {
		if info.Title == "" || info.Cost == "" || info.Faces <= faces {
			t.Errorf("%+v lacks something, or has not more faces than the quality before it", info)
		}
		if _, err := job.Faces(int64(info.Faces)); err != nil {
			t.Errorf("the faces of %s: %v", info.Quality, err)
		}
		names, faces = append(names, info.Quality), info.Faces
	}
	if len(names) != 3 || names[0] != job.QualityDraft || names[1] != job.QualityStandard || names[2] != job.QualityHigh {
		t.Errorf("the qualities are %v", names)
	}
}

func TestFacesHaveARange(t *testing.T) {
	for n, code := range map[int64]job.Code{
		0: "", 999: job.CodeBadMetadata, 1000: "", 500_000: "", 500_001: job.CodeBadMetadata, -1: job.CodeBadMetadata,
		math.MinInt64: job.CodeBadMetadata, math.MaxInt64: job.CodeBadMetadata,
	} {
		_, err := job.Faces(n)
		check(t, "faces", err, code)
	}
}
