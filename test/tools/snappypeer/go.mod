module culvert/snappypeer

go 1.18

require github.com/golang/snappy v0.0.4
