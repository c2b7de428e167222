package job_test

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"gen3d/internal/job"
)

func box(x0, y0, x1, y1 int) *job.Box { return &job.Box{x0, y0, x1, y1} }

func wantCode(t *testing.T, err error, code job.Code) {
	t.Helper()
	failure, ok := job.AsFailure(err)
	if !ok || failure.Code != code {
		t.Fatalf("the error is %v; want a failure with code %s", err, code)
	}
	if !strings.HasSuffix(failure.Message, ".") {
		t.Errorf("the message %q is no sentence", failure.Message)
	}
}

func TestSelectionsAreEncoded(t *testing.T) {
	for text, want := range map[string][]job.Selection{
		"":                           nil,
		"  ":                         nil,
		"*":                          {{}},
		"10,20,30,40":                {{Box: box(10, 20, 30, 40)}},
		"10, 20 ,30,40; * ":          {{Box: box(10, 20, 30, 40)}, {}},
		"0,0,9,9,cup;*,spoon":        {{Label: "cup", Box: box(0, 0, 9, 9)}, {Label: "spoon"}},
		"0,0,9,9,K%C3%A4tzchen+%3B,": nil, // one field too many
		"0,0,9,9,a%2Cb%3Bc+d":        {{Label: "a,b;c d", Box: box(0, 0, 9, 9)}},
		"-5,0,9,9":                   {{Box: box(-5, 0, 9, 9)}},
		"*,mask":                     {{Label: "mask"}},
		"*,,mask":                    {{Mask: true}},
		"0,0,9,9,cup,+1x2-30x4,mask": {{Label: "cup", Box: box(0, 0, 9, 9), Points: []job.Point{{1, 2, true}, {30, 4, false}}, Mask: true}},
		"*,, +1x2 - 30x4 , mask ;*":  {{Points: []job.Point{{1, 2, true}, {30, 4, false}}, Mask: true}, {}},
		"*,,+16777216x0":             {{Points: []job.Point{{1 << 24, 0, true}}}},
		"*,,~BAQQgA":                 {{Points: []job.Point{{2, 1, false}}}},
	} {
		got, err := job.DecodeSelections(text)
		if want == nil && strings.TrimSpace(text) != "" {
			wantCode(t, err, job.CodeBadMetadata)
			continue
		}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q reads as %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func TestInvalidSelectionsAreRefused(t *testing.T) {
	for _, text := range []string{
		";", "*;", "1,2,3", "1,2,3,4,5,6", "1,2,3,x", "1.5,2,3,4", "1,2,3,99999999999999999999", "1,2,3,16777217", "*,%zz", "*,%ff",
		"*,%00", "*," + strings.Repeat("a", 41), "cup", "*,a,b", "*,a,", "*,a,,mask", "*,a,mask,mask", "*,a,mask,+1x2", "*,a,+1x2,+1x2", "*,a,+1x2,mask,", "*,a,+1x2,x",
		"*,,1x2", "*,,+", "*,,+1", "*,,+1x", "*,,+x1", "*,,++1x2", "*,,+-1x2", "*,,+1x2x3", "*,,+1.5x2", "*,,+1x16777217", "*,,+ 1 x 2", "*,,+1x2 3x4",
		"*,,~", "*,,~BAQ", "*,,~BAQQgB", "*,,~BAQQgQ", "*,,~AwQQgA", "*,,~GhoQEBAQEBAQ", "*,,~BAQQ", "*,,~DAwAAAAAAA", "*,,~BAQ=", "*,,~GRn________g", strings.Repeat("*;", 950) + "*,",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := job.DecodeSelections(text)
			wantCode(t, err, job.CodeBadMetadata)
		})
	}
}

// The limits of a job leave room for labels, in a picture of any shape.
func TestSixteenObjectsWithSixteenPointsFit(t *testing.T) {
	limits := job.DefaultLimits()
	for _, size := range [][2]int{{8660, 5773}, {7071, 7071}, {64, 781_250}, {781_250, 64}, {4000, 3000}} {
		w, h := size[0], size[1]
		selections := make([]job.Selection, limits.MaxObjects)
		for i := range selections {
			// 200 characters of labels
			selections[i] = job.Selection{Label: strings.Repeat("x", 12), Box: box(w-10, h-10, w, h), Mask: true}
			for k := range job.MaxPoints {
				selections[i].Points = append(selections[i].Points, job.Point{X: w - 1 - k, Y: h - 1 - i, Inside: k%2 == 0})
			}
		}
		if err := limits.CheckSelections(selections, w, h); err != nil {
			t.Fatal(err)
		}
		text, err := job.EncodeSelections(selections)
		if err != nil {
			t.Fatalf("in %d × %d pixels: %v", w, h, err)
		}
		if back, err := job.DecodeSelections(text); err != nil || !reflect.DeepEqual(back, selections) {
			t.Errorf("in %d × %d pixels, %q reads as %+v, %v", w, h, text, back, err)
		}
		selections[0].Label = strings.Repeat("猫", 40) // 360 characters
		_, err = job.EncodeSelections(selections)
		wantCode(t, err, job.CodeBadMetadata)
		if !strings.Contains(err.Error(), "the limit is 1900") {
			t.Errorf("the message is %q", err)
		}
	}
}

// A list that S3 has from an earlier version, or that a person writes, is the
// same as the one that is written now.
func TestFewPointsAreWrittenForPeople(t *testing.T) {
	text, err := job.EncodeSelections([]job.Selection{{Points: []job.Point{{120, 80, true}, {40, 300, false}}}, {Label: "cup", Mask: true}})
	if want := "*,,+120x80-40x300;*,cup,mask"; err != nil || text != want {
		t.Errorf("written is %q, %v; want %q", text, err, want)
	}
}

func TestSelectionsRoundTrip(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 7))
	characters := []rune("abcXYZ 0123,;%+*=&\"'<>/äöü猫☕é")
	for range 2000 {
		want := make([]job.Selection, random.IntN(5)+1)
		for i := range want {
			if random.IntN(3) > 0 {
				want[i].Box = box(random.IntN(9000), random.IntN(9000), random.IntN(9000), random.IntN(9000))
			}
			label := make([]rune, random.IntN(41))
			for k := range label {
				label[k] = characters[random.IntN(len(characters))]
			}
			want[i].Label = string(label)
			for range random.IntN(4) * random.IntN(6) {
				shift := random.IntN(25)
				p := job.Point{X: random.IntN(1<<shift + 1), Y: random.IntN(1<<(24-shift) + 1), Inside: random.IntN(2) > 0}
				want[i].Points = append(want[i].Points, p)
			}
			want[i].Mask = random.IntN(2) > 0
		}
		text, err := job.EncodeSelections(want)
		if err != nil {
			wantCode(t, err, job.CodeBadMetadata) // five long labels can be too long together
			continue
		}
		for _, r := range text {
			if r <= ' ' || r > '~' {
				t.Fatalf("%q is not plain ASCII", text)
			}
		}
		if got, err := job.DecodeSelections(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%q reads as %+v, %v; want %+v", text, got, err, want)
		}
	}
}

func FuzzDecodeSelections(f *testing.F) {
	for _, text := range []string{"", "*", "1,2,3,4", "1,2,3,4,cup;*,sp%C3%B6on", " 1 , 2,3,4;;", "*,a+b%2C", "-1,0,16777216,5", "1,2,3,4,cup,+1x2-3x4,mask;*,,+16777216x0",
		"*,,~BAQQgA;*,,mask", strings.Repeat("*,,"+strings.Repeat("+9999x9999", 16)+",mask;", 11) + "*"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := job.DecodeSelections(text)
		if err != nil {
			wantCode(t, err, job.CodeBadMetadata)
			return
		}
		again, err := job.EncodeSelections(got)
		if err != nil { // percent-encoding can make a hand-written list too long
			wantCode(t, err, job.CodeBadMetadata)
			return
		}
		back, err := job.DecodeSelections(again)
		if err != nil || !reflect.DeepEqual(back, got) {
			t.Fatalf("%q reads as %+v, is written %q, and reads as %+v, %v", text, got, again, back, err)
		}
		_ = job.DefaultLimits().CheckSelections(got, 4000, 3000)
	})
}
