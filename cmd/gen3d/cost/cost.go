// Package cost estimates what the GPU of a stack costs, a mesh and a month, from
// the stack's settings and a number of objects, with its arithmetic.
package cost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gen3d/cmd/gen3d/check"
	"gen3d/cmd/gen3d/console"
	"gen3d/cmd/gen3d/target"
	"gen3d/infra/settings"
	"gen3d/internal/stackoutput"
)

// Command is `gen3d cost`.
type Command struct {
	Stack  string `help:"Pulumi stack: its settings, and from CloudWatch the objects of the last 30 days."`
	Config string `placeholder:"FILE" help:"A stack's settings file, such as Pulumi.dev.yaml, instead of a stack."`

	ObjectsPerDay float64       `placeholder:"N" help:"Objects a day, instead of those in CloudWatch."`
	HoursPerDay   float64       `default:"10" help:"Hours of a day in which they arrive, at random."`
	DaysPerMonth  float64       `default:"30" help:"Days of a month on which they arrive."`
	ObjectTime    time.Duration `placeholder:"60s" help:"Time of the GPU for one object; measured with --stack, else an estimate of 60s."`
	StartTime     time.Duration `default:"6m" help:"Time from the start of an instance to its first object, an estimate."`
	JSON          bool          `name:"json" help:"Print the estimate as JSON."`
}

// stopDelay is the time from the end of the idle minutes to the stop: the delay
// of the metric, as docs/scaling.md assumes it.
const stopDelay = time.Minute

// Run prints the estimate.
func (c *Command) Run(ctx context.Context, s console.Streams) error {
	config, err := c.settings(ctx)
	if err != nil {
		return err
	}
	e, err := c.estimate(ctx, config)
	if err != nil {
		return err
	}
	if c.JSON {
		return s.JSON(e)
	}
	return e.print(s)
}

func (c *Command) settings(ctx context.Context) (settings.Config, error) {
	switch {
	case (c.Stack == "") == (c.Config == ""):
		return settings.Config{}, errors.New("say which settings: --stack NAME, or --config Pulumi.dev.yaml")
	case c.Config != "":
		return check.SettingsFile(c.Config)
	}
	values, err := stackoutput.Settings(ctx, "", c.Stack)
	if err != nil {
		return settings.Config{}, err
	}
	return settings.Load(values)
}

// estimate is the result. Prices are those of infra/settings, in US dollars.
type estimate struct {
	Instance      string  `json:"instanceType"`
	USDPerHour    float64 `json:"usdPerHour"`
	ObjectsPerDay float64 `json:"objectsPerDay"`
	ObjectSeconds float64 `json:"objectSeconds"`
	GPUHours      float64 `json:"gpuHoursAMonth"`
	MonthUSD      float64 `json:"monthUsd"`
	MeshUSD       float64 `json:"meshUsd"`
	WorkUSD       float64 `json:"gpuWorkUsd"` // of a mesh, without start and idle time

	Types  []typeCost `json:"types"`
	Hosted []hosted   `json:"hosted"`

	load
	hours    hours
	sources  [2]string // of the numbers of objects and seconds
	minutes  int       // idle
	recorded bool      // the price
}

// typeCost is the cost with another instance type, if it is as fast.
type typeCost struct {
	Type       string  `json:"instanceType"`
	GPU        string  `json:"gpu"`
	USDPerHour float64 `json:"usdPerHour"`
	Recorded   bool    `json:"priceRecorded"`
	MeshUSD    float64 `json:"meshUsd"`
	MonthUSD   float64 `json:"monthUsd"`
}

func (c *Command) estimate(ctx context.Context, config settings.Config) (*estimate, error) {
	if c.HoursPerDay <= 0 || c.HoursPerDay > 24 || c.DaysPerMonth <= 0 || c.DaysPerMonth > 31 || c.ObjectsPerDay < 0 || c.StartTime < 0 || c.ObjectTime < 0 {
		return nil, errors.New("the numbers make no month: give --hours-per-day up to 24, --days-per-month up to 31, and no negative ones")
	}
	instance := config.Model.Instance()
	e := &estimate{Instance: instance.Type, USDPerHour: instance.USDPerHour, minutes: config.Autoscaling.IdleMinutes, recorded: instance.PriceRecorded}
	measured, err := c.measured(ctx)
	if err != nil {
		return nil, err
	}
	e.load = load{
		objects: c.ObjectsPerDay, window: time.Duration(c.HoursPerDay * float64(time.Hour)), days: c.DaysPerMonth,
		object: c.ObjectTime, start: c.StartTime, idle: time.Duration(e.minutes)*time.Minute + stopDelay,
		min: config.Autoscaling.Min, max: config.Autoscaling.Max, warm: warm(config.Autoscaling.Hours()),
	}
	e.sources = [2]string{"--objects-per-day", "--object-time"}
	if c.ObjectsPerDay == 0 && measured != nil {
		e.objects, e.sources[0] = measured.objects/c.DaysPerMonth, fmt.Sprintf("CloudWatch: %.0f in 30 days", measured.objects)
	}
	switch {
	case c.ObjectTime > 0:
	case measured != nil && measured.object > 0:
		e.object, e.sources[1] = measured.object, "CloudWatch, mean of 30 days"
	default:
		e.object, e.sources[1] = time.Minute, "an estimate; --object-time"
	}
	if !config.Autoscaling.Enabled {
		e.min = max(1, e.min)
	}
	e.compute(instance)
	return e, nil
}

func (e *estimate) compute(instance settings.Instance) {
	e.hours = e.load.hours()
	e.ObjectsPerDay, e.ObjectSeconds, e.GPUHours = e.objects, e.object.Seconds(), e.hours.month
	e.MonthUSD, e.MeshUSD = e.usd(e.hours, instance.USDPerHour)
	e.WorkUSD = e.object.Hours() * instance.USDPerHour
	for _, other := range settings.Fitting() {
		cost := typeCost{Type: other.Type, GPU: other.GPU, USDPerHour: other.USDPerHour, Recorded: other.PriceRecorded}
		cost.MonthUSD, cost.MeshUSD = e.usd(e.hours, other.USDPerHour)
		e.Types = append(e.Types, cost)
	}
	e.Hosted = hostedServices()
	for i := range e.Hosted {
		e.Hosted[i].Month = e.Hosted[i].USD * e.objects * e.days
	}
}

// warm returns the warm hours of a week.
func warm(hours settings.WarmHours) time.Duration {
	days := len(strings.Split(hours.Days, ","))
	switch hours.Days {
	case "*":
		days = 7
	case "MON-FRI":
		days = 5
	}
	return time.Duration(days*(hours.End-hours.Start)) * time.Hour
}

// outputs of a stack that the measured numbers need.
func (c *Command) open(ctx context.Context) (*target.Target, error) {
	flags := target.Flags{Stack: c.Stack}
	return flags.Open(ctx)
}
