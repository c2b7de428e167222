package service_test

import (
	"encoding/json"
	"strings"
	"testing"

	"gen3d/internal/job"
)

// The quality in a photo's metadata reaches the model, and the API shows it.
func TestTheQualityOfACopiedPhotoDecidesOnItsMesh(t *testing.T) {
	s := start(t, t.TempDir())
	c := s.as("testuser001")
	for _, info := range job.Qualities() {
		s.copyIn("users/testuser001/input/coffee.jpg", photo(t, "coffee.jpg"), map[string]string{
			"objects": "75,15,482,390", "formats": "glb", "quality": string(info.Quality),
		})
	}
	s.eventually("two mails of each job", func() bool { return len(s.mails()) == 2*len(job.Qualities()) })

	triangles := map[job.Quality]int{}
	for _, key := range s.keys("users/testuser001/output/") {
		if !strings.HasSuffix(key, "/job.json") {
			continue
		}
		m, err := job.ParseManifest(s.object(key))
		if err != nil {
			t.Fatal(err)
		}
		var result job.Result
		if err := json.Unmarshal(s.object(m.Ref().ResultKey(1)), &result); err != nil || result.Mesh == nil {
			t.Fatalf("the result of %s: %+v, %v", m.Options.Quality, result, err)
		}
		triangles[m.Options.Quality] = result.Mesh.Faces
		var shown struct{ Options job.Options }
		if _, body := c.call("GET", "/api/jobs/"+string(m.JobID), nil); json.Unmarshal(body, &shown) != nil || shown.Options.Quality != m.Options.Quality {
			t.Errorf("the API shows %s for a job of quality %s", body, m.Options.Quality)
		}
	}
	t.Logf("triangles: %v", triangles)
	draft, standard, high := triangles[job.QualityDraft], triangles[job.QualityStandard], triangles[job.QualityHigh]
	if draft == 0 || standard < 2*draft || high < 3*standard/2 {
		t.Errorf("the meshes have %v triangles", triangles)
	}
}
