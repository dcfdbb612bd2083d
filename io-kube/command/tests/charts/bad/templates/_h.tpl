{{ define "x" }}{{ .Values.nope.deep }}{{ end }}
{{ define "y" }}{{ required "need name!" .Values.name }}{{ end }}
