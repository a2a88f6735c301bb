"""What is remembered: models, queries, migrations, the state tables and the clock."""
