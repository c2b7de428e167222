package job_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"testing"

	"gen3d/internal/job"
)

// metadata returns the metadata of the options seed, formats, quality and faces.
func metadata(values [4]string) map[string]string {
	m := map[string]string{}
	for i, name := range []string{job.MetaSeed, job.MetaFormats, job.MetaQuality, job.MetaFaces} {
		if values[i] != "" {
			m[name] = values[i]
		}
	}
	return m
}

func TestOptionsHaveDefaultsAndBounds(t *testing.T) {
	for _, test := range []struct {
		values [4]string
		want   job.Options
	}{
		{[4]string{}, job.Options{Formats: job.DefaultFormats, Quality: job.QualityStandard}},
		{
			[4]string{"4294967295", "splat, glb,glb", "high", "500000"},
			job.Options{Seed: 4294967295, Formats: []job.Format{job.FormatGLB, job.FormatSplat}, Quality: job.QualityHigh, Faces: 500_000},
		},
		{[4]string{"1", "ply", " draft ", "0"}, job.Options{Seed: 1, Formats: []job.Format{job.FormatPLY}, Quality: job.QualityDraft}},
	} {
		got, err := job.DecodeOptions(metadata(test.values))
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%q read as %+v, %v", test.values, got, err)
		}
	}
	for _, wrong := range [][4]string{
		{0: "-1"}, {0: "4294967296"}, {0: "x"}, {1: "stl"}, {1: "preview"}, {1: "glb,"}, {1: ","},
		{2: "best"}, {2: "High"}, {2: "draft,high"}, {3: "999"}, {3: "500001"}, {3: "-1000"}, {3: "1e4"}, {3: "5,000"},
	} {
		_, err := job.DecodeOptions(metadata(wrong))
		check(t, fmt.Sprint(wrong), err, job.CodeBadMetadata)
	}
}

// PhotoMetadata and DecodeOptions are the two ends of the options' way to
// Extract.
func FuzzDecodeOptions(f *testing.F) {
	f.Add("", "", "", "")
	f.Add("7", "glb,ply", "high", "20000")
	f.Add("-1", "obj", "best", "1e9")
	f.Add("4294967295", " splat ", "draft", "0")
	f.Fuzz(func(t *testing.T, seed, formats, quality, faces string) {
		options, err := job.DecodeOptions(metadata([4]string{seed, formats, quality, faces}))
		if err != nil {
			wantCode(t, err, job.CodeBadMetadata)
			return
		}
		written := job.PhotoMetadata("", "*", options)
		again, err := job.DecodeOptions(written)
		if err != nil || !reflect.DeepEqual(again, options) {
			t.Fatalf("%v reads as %+v, %v; want %+v", written, again, err, options)
		}
		text, err := json.Marshal(options)
		if err != nil {
			t.Fatal(err)
		}
		var stored job.Options
		if err := json.Unmarshal(text, &stored); err != nil || !reflect.DeepEqual(stored, options) {
			t.Fatalf("%s reads as %+v, %v; want %+v", text, stored, err, options)
		}
	})
}

func TestDocumentsWithoutAQualityAreOfTheStandardQuality(t *testing.T) {
	for text, want := range map[string]job.Options{
		`{"seed":7,"formats":["glb"]}`:                                 {Seed: 7, Formats: []job.Format{job.FormatGLB}, Quality: job.QualityStandard},
		`{"seed":7,"formats":["glb"],"quality":"draft","faces":20000}`: {Seed: 7, Formats: []job.Format{job.FormatGLB}, Quality: job.QualityDraft, Faces: 20_000},
	} {
		var got job.Options
		if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s reads as %+v, %v; want %+v", text, got, err, want)
		}
	}
	var o job.Options
	if err := json.Unmarshal([]byte(`{"seed":-1}`), &o); err == nil {
		t.Error("a seed of -1 is read")
	}
}

// The longest list of objects leaves room for all other metadata.
func TestMetadataFitsInWhatS3Accepts(t *testing.T) {
	const most = 2048 // https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
	options := job.Options{Seed: 4294967295, Formats: job.AllFormats, Quality: job.QualityStandard, Faces: job.MaxFaces}
	bytes := 1900 // the most that EncodeSelections returns
	for name, value := range job.PhotoMetadata("7yx2k0n5qs1v8m3c9b4d6f0g2h", "", options) {
		bytes += len(name) + len(value)
	}
	if bytes > most {
		t.Errorf("the metadata can have %d bytes; S3 accepts %d", bytes, most)
	}
}
