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
		"*,%00", "*," + strings.Repeat("a", 41), "cup", "*,a,b", strings.Repeat("*;", 950) + "*,",
	} {
		_, err := job.DecodeSelections(text)
		wantCode(t, err, job.CodeBadMetadata)
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
	for _, text := range []string{"", "*", "1,2,3,4", "1,2,3,4,cup;*,sp%C3%B6on", " 1 , 2,3,4;;", "*,a+b%2C", "-1,0,16777216,5"} {
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
