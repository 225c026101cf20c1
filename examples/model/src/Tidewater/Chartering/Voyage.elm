module Tidewater.Chartering.Voyage exposing (Leg, Port, Voyage, daysAtSea, distance, estimate)

{-| Where a ship goes and what that costs.
-}

import Tidewater.Chartering.Vessel exposing (Vessel)


{-| A harbour. Its dues are in cents for each call.
-}
type alias Port =
    { name : String
    , dues : Int
    }


{-| A passage to a port, in nautical miles.
-}
type alias Leg =
    { to : Port
    , miles : Int
    }


{-| The legs of a voyage in order, at one speed in knots.
-}
type alias Voyage =
    { legs : List Leg
    , knots : Int
    }


{-| Nautical miles from the first port to the last.
-}
distance : Voyage -> Int
distance voyage =
    voyage.legs
        |> List.map .miles
        |> List.sum


{-| Days under way. A day that has begun is paid for, so it is rounded up.
-}
daysAtSea : Voyage -> Int
daysAtSea voyage =
    let
        milesPerDay : Int
        milesPerDay =
            max 1 (voyage.knots * 24)
    in
    (distance voyage + milesPerDay - 1) // milesPerDay


{-| What the voyage costs in cents: the ship's hire at sea and the dues of every port.
-}
estimate : Vessel -> Voyage -> Int
estimate vessel voyage =
    let
        dues : Int
        dues =
            List.foldl (\leg total -> total + leg.to.dues) 0 voyage.legs
    in
    daysAtSea voyage * vessel.dailyHire + dues
