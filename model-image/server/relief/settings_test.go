package relief_test

import (
	"bytes"
	"testing"

	"gen3d/internal/job"
	"gen3d/model-image/server/mesh"
	"gen3d/model-image/server/relief"
)

func settings(t testing.TB, quality job.Quality) relief.Settings {
	t.Helper()
	s, ok := relief.SettingsOf(quality)
	if !ok {
		t.Fatalf("there are no settings of the quality %q", quality)
	}
	return s
}

// The meshes of the default quality have about as many triangles as the
// textured meshes of SAM 3D, and so have the others.
func TestAHigherQualityHasMoreTrianglesAndLargerFiles(t *testing.T) {
	photo := picture(1200, 900)
	object := shape(1200, 900, disc(600, 450, 400))
	triangles, size, texture := 0, 0, 0
	for _, info := range job.Qualities() {
		s := settings(t, info.Quality)
		m, _, err := relief.Reconstruct(t.Context(), photo, object, s)
		if err != nil {
			t.Fatal(err)
		}
		checkSolid(t, m)
		var glb bytes.Buffer
		if err := m.WriteGLB(&glb, mesh.Origin{Name: "disc", Backend: "relief"}); err != nil {
			t.Fatal(err)
		}
		n := len(m.Triangles)
		t.Logf("%s: %d triangles, GLB of %d bytes", info.Quality, n, glb.Len())
		if n < 2*triangles || glb.Len() < 2*size || s.Texture < 2*texture {
			t.Errorf("%s: %d triangles, a GLB of %d bytes, textures of %d pixels; less than twice those of the quality before it", info.Quality, n, glb.Len(), s.Texture)
		}
		if n < info.Faces*6/10 || n > info.Faces*14/10 {
			t.Errorf("%s: %d triangles, not about %d", info.Quality, n, info.Faces)
		}
		triangles, size, texture = n, glb.Len(), s.Texture
	}
}

func TestAnUnknownQualityHasNoSettings(t *testing.T) {
	for _, quality := range []job.Quality{"", "best"} {
		if _, ok := relief.SettingsOf(quality); ok {
			t.Errorf("%q has settings", quality)
		}
	}
}
