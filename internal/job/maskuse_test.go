package job_test

import (
	"testing"

	"gen3d/internal/job"
)

func TestMasksToCheck(t *testing.T) {
	score := func(v float64) *float64 { return &v }
	boxed, whole := job.Object{Index: 1, Box: box(0, 0, 100, 100)}, job.Object{Index: 1}
	for name, c := range map[string]struct {
		object job.Object
		mask   job.MaskUse
		want   bool
	}{
		"a good score":                         {boxed, job.MaskUse{Source: job.MaskSegmenter, Share: 0.5, Score: score(0.8)}, false},
		"a low score":                          {boxed, job.MaskUse{Source: job.MaskSegmenter, Share: 0.5, Score: score(0.79)}, true},
		"a low score from points":              {whole, job.MaskUse{Source: job.MaskPoints, Share: 0.5, Score: score(0.2)}, true},
		"no score":                             {boxed, job.MaskUse{Source: job.MaskSegmenter, Share: 0.5}, false},
		"hardly any of the box":                {boxed, job.MaskUse{Source: job.MaskPoints, Share: 0.04, Score: score(0.9)}, true},
		"nearly all of the box":                {boxed, job.MaskUse{Source: job.MaskSegmenter, Share: 0.98}, true},
		"a small object in a whole picture":    {whole, job.MaskUse{Source: job.MaskPoints, Share: 0.01, Score: score(0.9)}, false},
		"a mask of the user":                   {boxed, job.MaskUse{Source: job.MaskGiven, Share: 0.01}, false},
		"a cut-out":                            {boxed, job.MaskUse{Source: job.MaskAlpha, Share: 1}, false},
		"a picture in which nothing was found": {whole, job.MaskUse{Source: job.MaskWhole, Share: 1}, true},
	} {
		if got := c.object.CheckMask(c.mask); got != c.want {
			t.Errorf("%s: check is %v", name, got)
		}
	}
}
