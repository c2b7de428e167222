package mesh

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"os"
	"regexp"
	"testing"
)

var update = flag.Bool("update", false, "write the bytes of worker/testdata/spz.json anew")

// spzVectors are Gaussians and their bytes, to which the worker is held as well
// (worker/tests/test_spz.py).
const spzVectors = "../../worker/testdata/spz.json"

func TestPackSPZMakesTheBytesThatTheWorkerMakes(t *testing.T) {
	data, err := os.ReadFile(spzVectors)
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Gaussians struct {
			Positions, Colors, Scales []Vec3
			Opacities                 []float32
			Rotations                 [][4]float32
		}
		Bytes map[string]string
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	given := vectors.Gaussians
	splats := make([]gaussian, len(given.Positions))
	for i := range splats {
		splats[i] = gaussian{
			position: given.Positions[i], color: given.Colors[i], scale: given.Scales[i],
			opacity: given.Opacities[i], rotation: ofLengthOne(given.Rotations[i]),
		}
	}
	parts := packSPZ(splats)
	for name, part := range map[string][]byte{
		"positions": parts.positions, "opacities": parts.opacities, "colors": parts.colors,
		"scales": parts.scales, "rotations": parts.rotations,
	} {
		made := hex.EncodeToString(part)
		if *update {
			line := regexp.MustCompile(`"` + name + `": "[0-9a-f]*"`)
			data = line.ReplaceAll(data, []byte(`"`+name+`": "`+made+`"`))
		} else if made != vectors.Bytes[name] {
			t.Errorf("%s: %s, want %s", name, made, vectors.Bytes[name])
		}
	}
	if *update {
		if err := os.WriteFile(spzVectors, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func ofLengthOne(q [4]float32) [4]float32 {
	square := 0.
	for _, v := range q {
		square += float64(v) * float64(v)
	}
	for i, v := range q {
		q[i] = float32(float64(v) / math.Sqrt(square))
	}
	return q
}
