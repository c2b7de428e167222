package job_test

import (
	"slices"
	"testing"

	"gen3d/internal/job"
)

func TestASceneNeedsTwoObjectsAndAFormat(t *testing.T) {
	made, failed := &job.Result{Status: job.StatusSucceeded}, &job.Result{Status: job.StatusFailed}
	for name, test := range map[string]struct {
		formats []job.Format
		results map[int]*job.Result
		want    []job.Format
	}{
		"two objects":    {job.AllFormats, map[int]*job.Result{1: made, 2: made}, []job.Format{job.FormatGLB, job.FormatSplat}},
		"two of three":   {[]job.Format{job.FormatGLB}, map[int]*job.Result{1: made, 2: failed, 3: made}, []job.Format{job.FormatGLB}},
		"one of two":     {job.AllFormats, map[int]*job.Result{1: made, 2: failed}, nil},
		"one unfinished": {job.AllFormats, map[int]*job.Result{1: made, 2: nil}, nil},
		"other formats":  {[]job.Format{job.FormatPLY}, map[int]*job.Result{1: made, 2: made}, nil},
	} {
		m := &job.Manifest{Options: job.Options{Formats: test.formats}}
		if got := job.SceneFormats(m, test.results); !slices.Equal(got, test.want) {
			t.Errorf("%s: the formats are %v, not %v", name, got, test.want)
		}
	}
}
