package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"gen3d/cmd/gen3d/console"
	"gen3d/infra/settings"
)

// steps are three steps of which the second is done, that record what they do.
func steps(did *[]string, failure error) []step {
	do := func(name string, err error) func(context.Context) error {
		return func(context.Context) error {
			*did = append(*did, name)
			return err
		}
	}
	return []step{
		{"check", []string{"gen3d check"}, always("reads only"), do("check", nil), ""},
		{"image", []string{"gen3d image push"}, func(context.Context) (state, error) { return state{Done, "there"}, nil }, do("image", nil), ""},
		{"up", []string{"pulumi up"}, always("new"), do("up", failure), "Correct it."},
		{"smoke", []string{"gen3d smoke"}, always("each time"), do("smoke", nil), ""},
	}
}

func newDeployment(t *testing.T, answer string) (*deployment, *bytes.Buffer) {
	t.Helper()
	config, err := settings.Load(map[string]string{"gen3d:model.enabled": "true"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	return &deployment{
		Options: Options{Stack: "dev", Terminal: true, Streams: console.Streams{In: strings.NewReader(answer), Out: &out, Err: &out}},
		config:  config, text: &out, account: "account 123456789012, region us-east-1",
	}, &out
}

func TestStepsRunInOrderAndWhatIsDoneDoesNot(t *testing.T) {
	d, out := newDeployment(t, "yes\n")
	var did []string
	if err := d.run(t.Context(), steps(&did, nil)); err != nil || !slices.Equal(did, []string{"check", "up", "smoke"}) {
		t.Errorf("%v, did %v", err, did)
	}
	for _, want := range []string{"[2/4] image: done: there\n", "[3/4] up: pulumi up (new)\n", "[3/4] up: done in ", "ml.g6e.xlarge (L40S), about $2.61 an hour (unchecked estimate for us-east-1)", "none runs while nothing is to do", "Deploy stack dev to account 123456789012"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Count(out.String(), "Type yes") != 1 {
		t.Errorf("the question is not asked once:\n%s", out)
	}
}

func TestNothingIsChangedWithoutAYes(t *testing.T) {
	for _, answer := range []string{"", "\n", "no\n", "y\n"} {
		d, _ := newDeployment(t, answer)
		var did []string
		if err := d.run(t.Context(), steps(&did, nil)); err == nil || !strings.HasPrefix(err.Error(), "not confirmed") || !slices.Equal(did, []string{"check"}) {
			t.Errorf("answer %q: %v, did %v", answer, err, did)
		}
	}
	err := Run(t.Context(), Options{Stack: "dev"}, Program{})
	if err == nil || !strings.Contains(err.Error(), "give --yes") {
		t.Errorf("without a terminal: %v", err)
	}
}

// typing is a terminal on which Ctrl-C is pressed instead of an answer.
type typing struct {
	ctrlC context.CancelFunc
	done  <-chan struct{}
}

func (t typing) Read([]byte) (int, error) {
	t.ctrlC()
	<-t.done
	return 0, io.EOF
}

func TestCtrlCEndsTheQuestion(t *testing.T) {
	d, _ := newDeployment(t, "")
	ctx, cancel := context.WithCancel(t.Context())
	d.In = typing{cancel, t.Context().Done()}
	var did []string
	if err := d.run(ctx, steps(&did, nil)); err == nil || err.Error() != "interrupted; nothing was changed" || !slices.Equal(did, []string{"check"}) {
		t.Errorf("%v, did %v", err, did)
	}
}

func TestAFailedStepSaysWhatToDoAndHowToGoOn(t *testing.T) {
	d, out := newDeployment(t, "")
	d.Yes, d.JSON, d.Users = true, true, []string{"a@example.com", "b@example.com"}
	d.text = &bytes.Buffer{}
	var did []string
	err := d.run(t.Context(), steps(&did, errors.New("no capacity")))
	if err == nil || !strings.HasPrefix(err.Error(), "step 3 of 4, up, failed after ") || !strings.HasSuffix(err.Error(), ": no capacity\nCorrect it.\nTo go on from there: gen3d deploy --stack dev --users a@example.com,b@example.com --yes") {
		t.Errorf("got %v", err)
	}
	var summary struct {
		Stack string
		Steps []Result
	}
	if err := json.Unmarshal(out.Bytes(), &summary); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	var states []string
	for _, s := range summary.Steps {
		states = append(states, s.Step+" "+string(s.Status))
	}
	if want := []string{"check done", "image done", "up failed", "smoke not reached"}; summary.Stack != "dev" || !slices.Equal(states, want) {
		t.Errorf("the summary is %s", out)
	}
}

func TestADryRunOnlyChecks(t *testing.T) {
	d, out := newDeployment(t, "")
	d.DryRun = true
	var did []string
	all := steps(&did, nil)
	all[3].look = func(context.Context) (state, error) { return state{}, errors.New("access denied") }
	if err := d.run(t.Context(), all); err != nil || !slices.Equal(did, []string{"check"}) {
		t.Errorf("%v, did %v", err, did)
	}
	for _, want := range []string{"2 image  done     gen3d image push\n3 up     to do    pulumi up\n4 smoke  unknown  gen3d smoke\n", "4 smoke: access denied\n", "Nothing is changed.", "$2.61 an hour"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

func TestAnInterruptedDeploymentSaysWhere(t *testing.T) {
	d, _ := newDeployment(t, "")
	d.Yes = true
	ctx, cancel := context.WithCancel(t.Context())
	var did []string
	all := steps(&did, nil)
	all[2].do = func(context.Context) error { cancel(); return context.Canceled }
	if err := d.run(ctx, all); err == nil || err.Error() != "interrupted in step 3 of 4, up\nTo go on from there: gen3d deploy --stack dev --yes" {
		t.Errorf("in a step: %v", err)
	}
	d.results = nil
	if err := d.run(ctx, steps(&did, nil)); err == nil || !strings.HasPrefix(err.Error(), "interrupted before step 1 of 4, check\n") {
		t.Errorf("before a step: %v", err)
	}
}
