package target_test

import (
	"strings"
	"testing"

	"gen3d/cmd/gen3d/target"
	"gen3d/tests/support/standin"
)

func TestExactlyOnePlaceIsChosen(t *testing.T) {
	for want, place := range map[string]target.Place{
		"say where": {},
		"not both":  {Stack: "dev", Against: "local"},
		"":          {Against: "local"},
	} {
		if err := place.Validate(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", place, err, want)
		}
	}
}

func TestTheOptionsOfMessagesChooseTheSamePlace(t *testing.T) {
	for want, addresses := range map[string][2]string{
		"--against local": {"http://127.0.0.1:8080", "http://127.0.0.1:9000"},
		"--against local --url http://h:1 --s3-url http://h:2": {"http://h:1/", "http://h:2"},
	} {
		opened, err := target.Machine(addresses[0], addresses[1], nil)
		if err != nil || opened.Option() != want {
			t.Errorf("%v: %q, %v", addresses, opened.Option(), err)
		}
	}
	if _, err := target.Machine("127.0.0.1:8080", "http://h:2", nil); err == nil || !strings.Contains(err.Error(), "is not a URL") {
		t.Errorf("no URL: %v", err)
	}
}

func TestAStackWithoutAnOutputIsNotDeployed(t *testing.T) {
	aws, outputs := standin.New(t), standin.Outputs()
	outputs["websiteUrl"] += "/"
	outputs["endpointConfigName"] = "" // the model is off
	aws.Stack(outputs, nil)
	opened, err := target.Stack(t.Context(), "", "dev", nil)
	if err != nil || opened.URL != "https://d1.cloudfront.net" || opened.Option() != "--stack dev" {
		t.Fatalf("%+v, %v", opened, err)
	}
	delete(outputs, "sweepFunction")
	aws.Stack(outputs, nil)
	if _, err := target.Stack(t.Context(), "", "dev", nil); err == nil || err.Error() != "stack dev has no output sweepFunction: deploy it first with make up STACK=dev" {
		t.Errorf("%v", err)
	}
}
